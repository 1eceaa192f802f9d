// Shares monitors and windows of an X display. X11 has no dialog for that, so the host's page lets the user choose.

import { type CaptureCounters, CaptureError, type ShareableScreen } from "../../native/types.ts";
import { SCREEN_ENDS, type X11Screens } from "../../native/x11.ts";
import { errorText } from "../common/error-text.ts";
import { ResizingCapture } from "./resizing-capture.ts";
import {
  type CapturedScreen,
  type ScreenCallbacks,
  ScreenError,
  type ScreenOffer,
  type ScreenRequest,
  type ScreenWay,
} from "./screens.ts";
import { WindowWatch } from "./window-watch.ts";

/** @param display such as ":0" */
export function createX11Screens(x11: X11Screens, display: string): ScreenWay {
  const list = () =>
    x11.list(display).catch((error: unknown): never => {
      throw screenErrorOf(error);
    });
  return {
    async offer(): Promise<ScreenOffer> {
      try {
        return { chooser: "host", sources: await list() };
      } catch (error) {
        return { chooser: "none", why: errorText(error) };
      }
    },
    async share(request, callbacks) {
      const source = (await list()).find(({ id }) => id === request.source);
      if (source === undefined) throw new ScreenError("closed", `there is no ${request.source ?? "choice"}`);
      const shared = new X11Shared(x11, display, source, request, callbacks);
      await shared.start();
      return shared;
    },
  };
}

class X11Shared implements CapturedScreen {
  readonly #source: ShareableScreen;
  readonly #request: ScreenRequest;
  readonly #capture: ResizingCapture;
  readonly #startWatch: () => WindowWatch;
  #watch: WindowWatch | null = null;

  constructor(
    x11: X11Screens,
    display: string,
    source: ShareableScreen,
    request: ScreenRequest,
    callbacks: ScreenCallbacks,
  ) {
    this.#source = source;
    this.#request = request;
    this.#capture = new ResizingCapture({
      open: (own) => x11.open(display, source.id, request.constraints, own),
      isResize: (error) => error instanceof CaptureError && error.operation === SCREEN_ENDS.resized,
      onFrame: (frame) => {
        this.#watch?.shown();
        callbacks.onFrame(frame);
      },
      onEnded: (error) => {
        this.#watch?.stop();
        callbacks.onEnded(screenErrorOf(error));
      },
    });
    this.#startWatch = () =>
      new WindowWatch({
        captured: () => this.counters().captured,
        isListed: async () => (await x11.list(display)).some(({ id }) => id === source.id),
        onHidden: (isHidden) => callbacks.onHidden?.(isHidden),
      });
  }

  get name() {
    return this.#source.name;
  }

  get kind() {
    return this.#source.kind;
  }

  get mode() {
    const { width, height } = this.#source;
    return this.#capture.mode ?? { width, height, fps: this.#request.constraints.fps, fourcc: "" };
  }

  counters(): CaptureCounters {
    return this.#capture.counters();
  }

  /** @throws ScreenError */
  async start(): Promise<void> {
    const { signal } = this.#request;
    if (signal.aborted) throw withdrawn();
    try {
      await this.#capture.start();
    } catch (error) {
      throw screenErrorOf(error);
    }
    if (signal.aborted) {
      await this.close();
      throw withdrawn();
    }
    if (this.kind === "window") this.#watch = this.#startWatch();
  }

  close(): Promise<void> {
    this.#watch?.stop();
    return this.#capture.close();
  }
}

const withdrawn = () => new ScreenError("stopped", "the request was withdrawn");

function screenErrorOf(error: unknown): ScreenError {
  if (error instanceof ScreenError) return error;
  const isClosed = error instanceof CaptureError && error.operation === SCREEN_ENDS.closed;
  return new ScreenError(isClosed ? "closed" : "failed", errorText(error), { cause: error });
}
