// The video of a call in the forms that Goop²'s pages expect: a MediaStream from a canvas, and the URL of an MJPEG stream.
// Neither has sound, which the plugin plays. A stream is subscribed only when the page requests it.

import type { FrameSource } from "../../../rpc-schema/index.ts";
import { type Listener, ReplayingListeners } from "../listeners.ts";
import { type CanvasView, createCanvasView } from "../video/canvas-view.ts";
import type { FrameLink } from "../video/frame-feed.ts";
import { type FrameContent, JPEG_QUALITY } from "../video/stream-subscription.ts";

/** Pages show the local video small, so fewer and smaller frames suffice. */
const LIMITS: Readonly<Record<FrameSource, { maxWidth: number; maxFps: number }>> = {
  remote: { maxWidth: 1280, maxFps: 30 },
  local: { maxWidth: 640, maxFps: 15 },
};

/** WebKitGTK can be built without MediaStream, and without captureStream. */
function canCapture(): boolean {
  return typeof MediaStream === "function" && typeof HTMLCanvasElement.prototype.captureStream === "function";
}

interface SessionMediaOptions {
  readonly link: FrameLink;
  readonly callId: string;
  readonly source: FrameSource;
  onError(error: unknown): void;
}

/** A canvas that shows the source, and reopens its view after a pause. */
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
  #hasSubscribedUrl = false;
  #isClosed = false;
  #content: FrameContent = "camera";

  constructor(options: SessionMediaOptions) {
    this.#options = options;
  }

  /** Null before the first frame, and in engines without captureStream. */
  get stream(): MediaStream | null {
    return this.#streams.last ?? null;
  }

  /** Replays. The listener never runs in engines without captureStream. */
  onStream(listener: Listener<MediaStream>): void {
    this.#streams.add(listener);
    this.#capture();
  }

  /** Replays. One `<img>` at a time can use the URL. */
  onUrl(listener: Listener<string>): void {
    this.#urls.add(listener);
    void this.#subscribeUrl();
  }

  /** Draws on a canvas of the page until the view is closed or the call ends. */
  draw(canvas: HTMLCanvasElement, onFirstFrame?: () => void): Pick<CanvasView, "close"> {
    const { link, callId, source, onError } = this.#options;
    const firstFrame = onFirstFrame ? { onFirstFrame } : {};
    const open = () =>
      createCanvasView({
        ...{ canvas, link, callId, source, content: this.#content },
        ...LIMITS[source],
        onError,
        ...firstFrame,
      });
    const drawing: Drawing = { open, view: this.#isPaused ? undefined : open() };
    this.#drawings.add(drawing);
    return {
      close: () => {
        this.#drawings.delete(drawing);
        drawing.view?.close();
      },
    };
  }

  /** What the source shows from now on. The URL of a stream keeps its quality. */
  setContent(content: FrameContent): void {
    this.#content = content;
    for (const { view } of this.#drawings) view?.setContent(content);
  }

  /** The plugin has stopped, and its streams with it. */
  pause(): void {
    this.#isPaused = true;
    for (const drawing of this.#drawings) {
      drawing.view?.close();
      drawing.view = undefined;
    }
  }

  /** After a pause the same canvases are drawn again, and listeners get a new URL. */
  resume(): void {
    if (!this.#isPaused || this.#isClosed) return;
    this.#isPaused = false;
    for (const drawing of this.#drawings) drawing.view = drawing.open();
    if (!this.#hasSubscribedUrl) return;
    this.#hasSubscribedUrl = false;
    void this.#subscribeUrl();
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
    // Some engines never show the stream of a canvas that had no size when it was captured.
    this.draw(canvas, () => {
      // After a pause the canvas and its stream are the same.
      if (this.stream === null) this.#streams.notify(captureStream(canvas));
    });
  }

  async #subscribeUrl(): Promise<void> {
    if (this.#hasSubscribedUrl || this.#isClosed) return;
    this.#hasSubscribedUrl = true;
    const { link, callId, source, onError } = this.#options;
    try {
      const params = { callId, source, ...LIMITS[source], quality: JPEG_QUALITY, delivery: "mjpeg" } as const;
      const { url } = await link.request("frames.subscribe", params);
      if (url !== undefined && !this.#isClosed) this.#urls.notify(url);
    } catch (error) {
      if (!this.#isClosed) onError(error);
    }
  }
}

/**
 * Requests a frame of the stream after each drawn one. Without a frame rate, captureStream of WebKitGTK 2.50 stops after two
 * frames. With a fixed rate, it adds delay.
 */
function captureStream(canvas: HTMLCanvasElement): MediaStream {
  const stream = canvas.captureStream(0);
  const [track] = stream.getVideoTracks();
  const requestFrame = (): void => {
    if (track instanceof CanvasCaptureMediaStreamTrack) track.requestFrame();
  };
  canvas.addEventListener("goop:drawn", requestFrame);
  requestFrame();
  return stream;
}
