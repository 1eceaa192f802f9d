// Shares monitors and windows of an X display. X11 has no dialog for that, so the host's page lets the user choose.

import { addCounters, NOTHING_CAPTURED } from "../../native/frame-faults.ts";
import {
  type Capture,
  type CaptureCounters,
  CaptureError,
  type ShareableScreen,
  type VideoFrame,
} from "../../native/types.ts";
import { SCREEN_ENDS, type X11Screens } from "../../native/x11.ts";
import { errorText } from "../common/error-text.ts";
import {
  type CapturedScreen,
  type ScreenCallbacks,
  ScreenError,
  type ScreenOffer,
  type ScreenRequest,
  type Screens,
} from "./screens.ts";

/** @param display such as ":0" */
export function createX11Screens(x11: X11Screens, display: string): Screens {
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

/** A window that is shown gives a frame in every second. */
const LOOK_MS = 1_500;

/**
 * Opens the source again, whenever its size has changed. A window without frames that the list lacks is hidden: the list has those
 * that can be seen.
 */
class X11Shared implements CapturedScreen {
  readonly #x11: X11Screens;
  readonly #display: string;
  readonly #source: ShareableScreen;
  readonly #request: ScreenRequest;
  readonly #callbacks: ScreenCallbacks;
  #capture: Capture | null = null;
  #opening: Promise<void> | null = null;
  #past = NOTHING_CAPTURED;
  #isClosed = false;
  #isHidden = false;
  #looking: NodeJS.Timeout | null = null;
  #capturedBefore = -1;

  constructor(
    x11: X11Screens,
    display: string,
    source: ShareableScreen,
    request: ScreenRequest,
    callbacks: ScreenCallbacks,
  ) {
    this.#x11 = x11;
    this.#display = display;
    this.#source = source;
    this.#request = request;
    this.#callbacks = callbacks;
  }

  get name() {
    return this.#source.name;
  }

  get kind() {
    return this.#source.kind;
  }

  get mode() {
    const { width, height } = this.#source;
    return this.#capture?.mode ?? { width, height, fps: this.#request.constraints.fps, fourcc: "" };
  }

  counters(): CaptureCounters {
    return this.#capture ? addCounters(this.#past, this.#capture.counters()) : this.#past;
  }

  /** @throws ScreenError */
  async start(): Promise<void> {
    const { signal } = this.#request;
    if (signal.aborted) throw withdrawn();
    await this.#open();
    if (signal.aborted) {
      await this.close();
      throw withdrawn();
    }
    if (this.kind === "window") this.#looking = setInterval(() => void this.#look(), LOOK_MS);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#looking !== null) clearInterval(this.#looking);
    this.#looking = null;
    await this.#opening?.catch(() => undefined);
    await this.#closeCapture();
  }

  async #closeCapture(): Promise<void> {
    const capture = this.#capture;
    if (capture === null) return;
    await capture.close();
    if (this.#capture !== capture) return;
    this.#past = addCounters(this.#past, capture.counters());
    this.#capture = null;
  }

  async #open(): Promise<void> {
    try {
      this.#capture = await this.#x11.open(this.#display, this.#source.id, this.#request.constraints, {
        onFrame: (frame) => this.#pass(frame),
        onError: (error) => this.#ended(error),
      });
    } catch (error) {
      throw screenErrorOf(error);
    }
  }

  #pass(frame: VideoFrame): void {
    if (this.#isClosed) return;
    this.#setHidden(false);
    this.#callbacks.onFrame(frame);
  }

  async #look(): Promise<void> {
    const { captured } = this.counters();
    const isStill = captured === this.#capturedBefore;
    this.#capturedBefore = captured;
    if (!isStill || this.#isHidden) return;
    // The end of the server or of the window is reported by the capture.
    const list = await this.#x11.list(this.#display).catch(() => null);
    const isListed = list?.some(({ id }) => id === this.#source.id) ?? true;
    if (!isListed && this.counters().captured === captured) this.#setHidden(true);
  }

  #setHidden(isHidden: boolean): void {
    if (isHidden === this.#isHidden || this.#isClosed) return;
    this.#isHidden = isHidden;
    this.#callbacks.onHidden?.(isHidden);
  }

  #ended(error: CaptureError): void {
    if (this.#isClosed) return;
    this.#isHidden = false;
    if (error.operation !== SCREEN_ENDS.resized) {
      this.#callbacks.onEnded(screenErrorOf(error));
      return;
    }
    this.#opening = this.#closeCapture()
      .then(() => (this.#isClosed ? undefined : this.#open()))
      .catch((failure: unknown) => {
        if (!this.#isClosed) this.#callbacks.onEnded(screenErrorOf(failure));
      });
  }
}

const withdrawn = () => new ScreenError("stopped", "the request was withdrawn");

function screenErrorOf(error: unknown): ScreenError {
  if (error instanceof ScreenError) return error;
  const isClosed = error instanceof CaptureError && error.operation === SCREEN_ENDS.closed;
  return new ScreenError(isClosed ? "closed" : "failed", errorText(error), { cause: error });
}
