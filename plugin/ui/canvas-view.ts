// Shows one source of one call on a canvas: subscribes, draws the newest picture, acknowledges what it drew, and rests
// while the page is hidden. Any host page can use it; it knows no other part of this page.

import type { FrameSource, HostNotificationParams, ParamsInput, Result } from "../../rpc-schema/index.ts";
import type { FrameMessage } from "./frame-line.ts";

/** What the view needs of a link to the plugin. */
export interface FrameLink {
  request<M extends "frames.subscribe" | "frames.unsubscribe">(
    method: M,
    params: ParamsInput<M>,
  ): Promise<Result<M>>;
  /** Dropped silently while there is no connection. */
  notify(method: "frames.ack", params: HostNotificationParams<"frames.ack">): void;
  /** Returns a function that takes the handler off again. */
  onFrame(stream: string, handler: (frame: FrameMessage) => void): () => void;
}

/** Fixed for the life of the view; a new call takes a new one. */
export interface CanvasViewOptions {
  canvas: HTMLCanvasElement;
  link: FrameLink;
  callId: string;
  source: FrameSource;
  /** Pixels; without it the width follows the canvas's size on the screen. */
  maxWidth?: number;
  /** Pictures a second. */
  maxFps?: number;
  /** Runs when pictures begin to show. */
  onFirstPicture?: () => void;
  /** Runs when the stream could not be opened. */
  onError?: (error: unknown) => void;
}

/** Detail of the DOM event `goop:drawn`, dispatched on the canvas after each picture. */
export interface DrawnDetail {
  callId: string;
  source: FrameSource;
  stream: string;
  seq: number;
  /** Unix milliseconds, see the contract's `frame`. */
  capturedAt: number;
  width: number;
  height: number;
}

export interface CanvasView {
  /** Ends the stream and stops watching the page. */
  close(): void;
}

/** Widths asked for, so that a moving window edge does not open a new stream at every pixel. */
const WIDTH_CLASSES = [320, 640, 1280, 1920];
/**
 * The page waits for a picture's decoding, which goes by its bytes: with 75, 720p came 40 to 80 ms late (p95), with this
 * 25 ms, and in motion the eye sees no difference.
 */
const QUALITY = 60;
/** One picture being decoded, one on its way: more would only make the picture older. */
const CREDIT = 2;

/** The smallest class that fills `pixels`, which are device pixels. */
export function widthClass(pixels: number): number {
  return WIDTH_CLASSES.find((width) => width >= pixels) ?? 1920;
}

export function createCanvasView(options: CanvasViewOptions): CanvasView {
  return new StreamedCanvas(options);
}

class StreamedCanvas implements CanvasView {
  readonly #options: CanvasViewOptions;
  readonly #painter: Painter;
  readonly #resize: ResizeObserver;
  readonly #onVisibility = (): void => void this.#reconcile();
  #stream: { id: string; off: () => void } | undefined;
  /** The width asked for last; undefined when nothing is subscribed. */
  #asked: number | undefined;
  #isBusy = false;
  #isClosed = false;

  constructor(options: CanvasViewOptions) {
    this.#options = options;
    this.#painter = new Painter(options);
    this.#resize = new ResizeObserver(this.#onVisibility);
    this.#resize.observe(options.canvas);
    document.addEventListener("visibilitychange", this.#onVisibility);
    void this.#reconcile();
  }

  close(): void {
    this.#isClosed = true;
    this.#resize.disconnect();
    document.removeEventListener("visibilitychange", this.#onVisibility);
    this.#painter.stop();
    void this.#reconcile();
  }

  #wanted(): number | undefined {
    if (this.#isClosed || document.visibilityState === "hidden") return undefined;
    const { maxWidth, canvas } = this.#options;
    // A canvas that is not laid out yet counts as medium: pictures flow before the first one makes it visible.
    return maxWidth ?? widthClass((canvas.clientWidth || 640) * devicePixelRatio);
  }

  /** Brings the subscription in line with what is wanted; one change at a time. */
  async #reconcile(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      for (let width = this.#wanted(); width !== this.#asked; width = this.#wanted()) {
        this.#asked = width;
        await this.#replaceStream(width);
      }
    } catch (error) {
      if (!this.#isClosed) this.#options.onError?.(error);
    } finally {
      this.#isBusy = false;
    }
  }

  async #replaceStream(width: number | undefined): Promise<void> {
    const { link, callId, source, maxFps } = this.#options;
    const old = this.#stream;
    this.#stream = undefined;
    if (width !== undefined) {
      const rate = maxFps === undefined ? {} : { maxFps };
      const params = { callId, source, maxWidth: width, quality: QUALITY, credit: CREDIT, ...rate };
      const { stream } = await link.request("frames.subscribe", params);
      this.#stream = { id: stream, off: link.onFrame(stream, (frame) => this.#painter.offer(frame)) };
    }
    if (!old) return;
    old.off();
    await link.request("frames.unsubscribe", { stream: old.id });
  }
}

/** Draws by `Image.onload`, which both engines answer sooner than `decode()`. The newest picture wins. */
class Painter {
  readonly #options: CanvasViewOptions;
  readonly #context: CanvasRenderingContext2D | null;
  readonly #image = new Image();
  #loading: FrameMessage | undefined;
  #next: FrameMessage | undefined;
  #hasDrawn = false;
  #isStopped = false;

  constructor(options: CanvasViewOptions) {
    this.#options = options;
    this.#context = options.canvas.getContext("2d", { alpha: false });
    this.#image.onload = () => this.#finish(true);
    this.#image.onerror = () => this.#finish(false);
  }

  offer(frame: FrameMessage): void {
    if (this.#isStopped) return;
    if (this.#loading) this.#next = frame;
    else this.#load(frame);
  }

  stop(): void {
    this.#isStopped = true;
    this.#image.onload = null;
    this.#image.onerror = null;
    this.#image.removeAttribute("src");
  }

  #load(frame: FrameMessage): void {
    this.#loading = frame;
    this.#image.src = frame.dataUrl;
  }

  #finish(isGood: boolean): void {
    const frame = this.#loading;
    if (!frame) return;
    if (isGood) this.#draw(frame);
    // A picture that could not be read is acknowledged too: its credit must come back, or the stream stands still.
    this.#options.link.notify("frames.ack", { stream: frame.stream, seq: frame.seq });
    if (isGood) this.#tell(frame);
    this.#loading = undefined;
    const next = this.#next;
    this.#next = undefined;
    if (next) this.#load(next);
  }

  #draw(frame: FrameMessage): void {
    const { canvas } = this.#options;
    if (canvas.width !== frame.width) canvas.width = frame.width;
    if (canvas.height !== frame.height) canvas.height = frame.height;
    this.#context?.drawImage(this.#image, 0, 0, frame.width, frame.height);
  }

  #tell({ stream, seq, capturedAt, width, height }: FrameMessage): void {
    const { callId, source, canvas, onFirstPicture } = this.#options;
    const detail: DrawnDetail = { callId, source, stream, seq, capturedAt, width, height };
    canvas.dispatchEvent(new CustomEvent("goop:drawn", { detail }));
    if (this.#hasDrawn) return;
    this.#hasDrawn = true;
    onFirstPicture?.();
  }
}
