// Keeps one frame stream at the width and quality that its element needs, and closes it while the page is hidden. When they
// change, the new stream opens before the old one closes. A stream that was lost or refused is asked for again.

import { RetryDelay } from "./retry-delay.ts";

/** An open stream. Closing it can fail, because the stream may have ended by itself. */
export interface OpenStream {
  close(): Promise<void>;
}

/** What the frames show. A screen is asked for in more detail than a camera's picture. */
export type FrameContent = "camera" | "screen";

/** What a stream brings. */
export interface StreamDetail {
  /** In pixels. */
  readonly width: number;
  /** Of the JPEG, from 1 to 100. */
  readonly quality: number;
}

/** `onLost` runs at most once, when the stream's connection is gone without `close`. */
export type OpenStreamOfDetail = (detail: StreamDetail, onLost: () => void) => Promise<OpenStream>;

export interface WaitHandlers {
  /** The stream could not be opened or closed, and is not asked for again. */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** Why a stream is refused while it is asked for again; undefined when it is open. Does not repeat a kind of reason. */
  readonly onWait?: ((reason: unknown) => void) | undefined;
}

interface StreamSubscriptionOptions extends WaitHandlers {
  /** Its size on the screen decides the width. */
  readonly element: HTMLElement;
  /** In pixels; undefined follows the element. */
  readonly maxWidth: number | undefined;
  /** Default: `camera`. */
  readonly content?: FrameContent | undefined;
  readonly open: OpenStreamOfDetail;
}

/**
 * Decoding time in the page grows with the size of the JPEG. At quality 75, 720p frames were 40 to 80 ms late (p95); at 60
 * they are 25 ms late, and moving pictures look the same.
 */
export const JPEG_QUALITY = 60;
/** Small letters of a screen have edges that a camera's picture has not. Screens change seldom, so decoding may take longer. */
const SCREEN_QUALITY = 85;
/** Few widths, so that resizing a window does not open a new stream at every pixel. */
const WIDTH_CLASSES: Readonly<Record<FrameContent, readonly number[]>> = {
  camera: [320, 640, 1280, 1920],
  screen: [320, 640, 1280, 1920, 2560, 3840],
};
const QUALITY: Readonly<Record<FrameContent, number>> = { camera: JPEG_QUALITY, screen: SCREEN_QUALITY };
/** Errors that another request would meet again: the call is over, or the request itself is wrong. */
const FINAL = ["unknownCall", "invalidParams", "methodNotFound", "callsInPage"];

/** @returns the smallest class that covers this number of device pixels, or the largest one */
function widthClass(pixels: number, content: FrameContent): number {
  const classes = WIDTH_CLASSES[content];
  return classes.find((width) => width >= pixels) ?? Math.max(...classes);
}

function isSame(one: StreamDetail | undefined, other: StreamDetail | undefined): boolean {
  return one?.width === other?.width && one?.quality === other?.quality;
}

/** A stream and what was asked for. Its connection may be gone before it is in use. */
interface Subscribed extends StreamDetail {
  readonly stream: OpenStream;
  isLost: boolean;
}

/** Subscribes at once. */
export class StreamSubscription {
  readonly #options: StreamSubscriptionOptions;
  readonly #resize: ResizeObserver;
  readonly #onChange = (): void => void this.#reconcile();
  readonly #delay = new RetryDelay(this.#onChange);
  #content: FrameContent;
  #subscribed: Subscribed | undefined;
  /** The name of the reason that `onWait` got last. */
  #reason: string | undefined;
  #hasGivenUp = false;
  #isBusy = false;
  #isClosed = false;

  constructor(options: StreamSubscriptionOptions) {
    this.#options = options;
    this.#content = options.content ?? "camera";
    this.#resize = new ResizeObserver(this.#onChange);
    this.#resize.observe(options.element);
    document.addEventListener("visibilitychange", this.#onChange);
    void this.#reconcile();
  }

  setContent(content: FrameContent): void {
    if (content === this.#content) return;
    this.#content = content;
    void this.#reconcile();
  }

  close(): void {
    this.#isClosed = true;
    this.#wait(undefined);
    this.#delay.stop();
    this.#resize.disconnect();
    document.removeEventListener("visibilitychange", this.#onChange);
    void this.#reconcile();
  }

  /** @returns undefined when no stream is needed */
  #needed(): StreamDetail | undefined {
    if (this.#isClosed || document.visibilityState === "hidden") return undefined;
    const { maxWidth, element } = this.#options;
    // An element without layout counts as 640 pixels wide, because the first frame makes it visible.
    const pixels = (element.clientWidth || 640) * devicePixelRatio;
    return { width: maxWidth ?? widthClass(pixels, this.#content), quality: QUALITY[this.#content] };
  }

  /** Opens and closes streams, one at a time, until the subscription has the needed detail. */
  async #reconcile(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      for (
        let detail = this.#needed();
        !isSame(detail, this.#subscribed) && this.#mayOpen(detail);
        detail = this.#needed()
      ) {
        await this.#change(detail);
      }
    } finally {
      this.#isBusy = false;
    }
  }

  #mayOpen(detail: StreamDetail | undefined): boolean {
    return detail === undefined || !(this.#hasGivenUp || this.#delay.isRunning);
  }

  /** Never rejects. A stream that is refused leaves the old one as it is. */
  async #change(detail: StreamDetail | undefined): Promise<void> {
    const old = this.#subscribed;
    if (detail === undefined) {
      this.#subscribed = undefined;
      this.#hasGivenUp = false;
      this.#wait(undefined);
    } else {
      const opened = await this.#open(detail);
      if (!opened) return;
      this.#wait(undefined);
      this.#subscribed = opened;
      if (opened.isLost) this.#lose(opened);
    }
    if (old) await this.#end(old);
  }

  /** @returns undefined when the stream is refused */
  async #open(detail: StreamDetail): Promise<Subscribed | undefined> {
    let opened: Subscribed | undefined;
    let isLost = false;
    try {
      const stream = await this.#options.open(detail, () => {
        isLost = true;
        if (opened) this.#lose(opened);
      });
      this.#delay.begin();
      opened = { ...detail, stream, isLost };
      return opened;
    } catch (error) {
      this.#refuse(error);
      return undefined;
    }
  }

  #refuse(error: unknown): void {
    if (this.#isClosed) return;
    if (FINAL.includes(nameOf(error))) {
      this.#hasGivenUp = true;
      this.#wait(undefined);
      this.#options.onError?.(error);
      return;
    }
    this.#wait(error);
    this.#delay.start();
  }

  #lose(lost: Subscribed): void {
    lost.isLost = true;
    if (this.#subscribed !== lost) return;
    this.#subscribed = undefined;
    if (!this.#isClosed) this.#delay.start();
    void this.#end(lost);
  }

  #wait(reason: unknown): void {
    const name = reason === undefined ? undefined : nameOf(reason);
    if (name === this.#reason) return;
    this.#reason = name;
    const { onWait, onError } = this.#options;
    if (onWait) onWait(reason);
    else if (reason !== undefined) onError?.(reason);
  }

  async #end({ stream }: Subscribed): Promise<void> {
    try {
      await stream.close();
    } catch (error) {
      // It ended by itself, or with its call or its connection.
      const isOver = ["unknownStream", "unknownCall", "disconnected"].includes(nameOf(error));
      if (!this.#isClosed && !isOver) this.#options.onError?.(error);
    }
  }
}

/** A link of another page may reject with errors of another class that carry the contract's name. */
function nameOf(error: unknown): string {
  const kind = typeof error === "object" && error !== null && "kind" in error ? error.kind : undefined;
  return typeof kind === "string" ? kind : "";
}
