// A call's pictures in the forms that Goop²'s pages know: a MediaStream made from a canvas where the engine can, and the URL
// of an MJPEG stream. Nothing is subscribed before the page asks. Sound is played by the plugin and is in neither.

import type { FrameSource } from "../../../rpc-schema/index.ts";
import { type Listener, ReplayingListeners } from "../listeners.ts";
import { type CanvasView, createCanvasView } from "../video/canvas-view.ts";
import { type FrameLink, JPEG_QUALITY } from "../video/frame-feed.ts";

/** The own picture is shown small, and less often costs less. */
const LIMITS: Readonly<Record<FrameSource, { maxWidth: number; maxFps: number }>> = {
  remote: { maxWidth: 1280, maxFps: 30 },
  local: { maxWidth: 640, maxFps: 15 },
};

/** WebKitGTK can be built without either. */
export function canCapture(): boolean {
  return typeof MediaStream === "function" && typeof HTMLCanvasElement.prototype.captureStream === "function";
}

export interface SessionMediaOptions {
  readonly link: FrameLink;
  readonly callId: string;
  readonly source: FrameSource;
  onError(error: unknown): void;
}

interface Drawing {
  open(): CanvasView;
  /** Undefined while paused. */
  view: CanvasView | undefined;
}

/** One source of one call. */
export class SessionMedia {
  readonly #options: SessionMediaOptions;
  readonly #streams = new ReplayingListeners<MediaStream>();
  readonly #urls = new ReplayingListeners<string>();
  readonly #drawings = new Set<Drawing>();
  #isPaused = false;
  #isCapturing = false;
  #isFetching = false;
  #isClosed = false;

  constructor(options: SessionMediaOptions) {
    this.#options = options;
  }

  /** Null before the first picture, or where the engine makes none. */
  get stream(): MediaStream | null {
    return this.#streams.last ?? null;
  }

  /** Replays; never called where the engine makes no MediaStream of a canvas. */
  onStream(listener: Listener<MediaStream>): void {
    this.#streams.add(listener);
    this.#capture();
  }

  /** Replays. The URL is for an `<img>`, and for one at a time. */
  onUrl(listener: Listener<string>): void {
    this.#urls.add(listener);
    void this.#fetch();
  }

  /** Draws on the page's own canvas until closed, or until the call ends. */
  draw(canvas: HTMLCanvasElement, onFirstFrame?: () => void): CanvasView {
    const { link, callId, source, onError } = this.#options;
    const first = onFirstFrame ? { onFirstFrame } : {};
    const open = () =>
      createCanvasView({ canvas, link, callId, source, ...LIMITS[source], onError, ...first });
    const drawing: Drawing = { open, view: this.#isPaused ? undefined : open() };
    this.#drawings.add(drawing);
    return {
      close: () => {
        this.#drawings.delete(drawing);
        drawing.view?.close();
      },
    };
  }

  /** The streams are gone with their plugin. */
  pause(): void {
    this.#isPaused = true;
    for (const drawing of this.#drawings) {
      drawing.view?.close();
      drawing.view = undefined;
    }
  }

  /** After a pause: the same canvases, and another URL for whoever shows one. */
  resume(): void {
    if (!this.#isPaused || this.#isClosed) return;
    this.#isPaused = false;
    for (const drawing of this.#drawings) drawing.view = drawing.open();
    if (!this.#isFetching) return;
    this.#isFetching = false;
    void this.#fetch();
  }

  close(): void {
    this.#isClosed = true;
    for (const { view } of this.#drawings) view?.close();
    for (const track of this.stream?.getTracks() ?? []) track.stop();
  }

  #capture(): void {
    if (this.#isCapturing || this.#isClosed || !canCapture()) return;
    this.#isCapturing = true;
    const canvas = document.createElement("canvas");
    // Not sooner, since a canvas without a size gives a stream that some engines never begin to show.
    this.draw(canvas, () => {
      // After a pause the canvas, and so its stream, is the same.
      if (this.stream === null) this.#streams.notify(streamOf(canvas));
    });
  }

  async #fetch(): Promise<void> {
    if (this.#isFetching || this.#isClosed) return;
    this.#isFetching = true;
    const { link, callId, source, onError } = this.#options;
    try {
      const wish = { callId, source, ...LIMITS[source], quality: JPEG_QUALITY, delivery: "mjpeg" } as const;
      const { url } = await link.request("frames.subscribe", wish);
      if (url !== undefined && !this.#isClosed) this.#urls.notify(url);
    } catch (error) {
      if (!this.#isClosed) onError(error);
    }
  }
}

/**
 * Takes each picture when it is drawn: left to itself (captureStream without a rate) WebKitGTK 2.50 stops after the first
 * two, and at a fixed rate it shows pictures later than need be.
 */
function streamOf(canvas: HTMLCanvasElement): MediaStream {
  const stream = canvas.captureStream(0);
  const [track] = stream.getVideoTracks();
  const request = (): void => {
    if (track instanceof CanvasCaptureMediaStreamTrack) track.requestFrame();
  };
  canvas.addEventListener("goop:drawn", request);
  request();
  return stream;
}
