// Keeps one frame stream at the width that its element needs, and closes it while the page is hidden. When the width
// changes, the new stream opens before the old one closes. A stream that was lost or refused is asked for again.

import { RetryDelay } from "./retry-delay.ts";

/** An open stream. Closing it can fail, because the stream may have ended by itself. */
export interface OpenStream {
  close(): Promise<void>;
}

/** Opens a stream of a width in pixels. `onLost` runs at most once, when its connection is gone although nobody closed it. */
export type OpenStreamOfWidth = (width: number, onLost: () => void) => Promise<OpenStream>;

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
  readonly open: OpenStreamOfWidth;
}

/** Few widths, so that resizing a window does not open a new stream at every pixel. */
const WIDTH_CLASSES = [320, 640, 1280, 1920];
/** Errors that another request would meet again: the call is over, or the request itself is wrong. */
const FINAL = ["unknownCall", "invalidParams", "methodNotFound", "callsInPage"];

/** @returns the smallest class that covers this number of device pixels */
function widthClass(pixels: number): number {
  return WIDTH_CLASSES.find((width) => width >= pixels) ?? 1920;
}

/** A stream and the width that was asked for. Its connection may be gone before it is in use. */
interface Subscribed {
  readonly width: number;
  readonly stream: OpenStream;
  isLost: boolean;
}

/** Subscribes at once. */
export class StreamSubscription {
  readonly #options: StreamSubscriptionOptions;
  readonly #resize: ResizeObserver;
  readonly #onChange = (): void => void this.#reconcile();
  readonly #delay = new RetryDelay(this.#onChange);
  #subscribed: Subscribed | undefined;
  /** The name of the reason that `onWait` got last. */
  #reason: string | undefined;
  #hasGivenUp = false;
  #isBusy = false;
  #isClosed = false;

  constructor(options: StreamSubscriptionOptions) {
    this.#options = options;
    this.#resize = new ResizeObserver(this.#onChange);
    this.#resize.observe(options.element);
    document.addEventListener("visibilitychange", this.#onChange);
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
  #neededWidth(): number | undefined {
    if (this.#isClosed || document.visibilityState === "hidden") return undefined;
    const { maxWidth, element } = this.#options;
    // An element without layout counts as 640 pixels wide, because the first frame makes it visible.
    return maxWidth ?? widthClass((element.clientWidth || 640) * devicePixelRatio);
  }

  /** Opens and closes streams, one at a time, until the subscription has the needed width. */
  async #reconcile(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      for (
        let width = this.#neededWidth();
        width !== this.#subscribed?.width && this.#mayOpen(width);
        width = this.#neededWidth()
      ) {
        await this.#change(width);
      }
    } finally {
      this.#isBusy = false;
    }
  }

  #mayOpen(width: number | undefined): boolean {
    return width === undefined || !(this.#hasGivenUp || this.#delay.isRunning);
  }

  /** Never rejects. A stream that is refused leaves the old one as it is. */
  async #change(width: number | undefined): Promise<void> {
    const old = this.#subscribed;
    if (width === undefined) {
      this.#subscribed = undefined;
      this.#hasGivenUp = false;
      this.#wait(undefined);
    } else {
      const opened = await this.#open(width);
      if (!opened) return;
      this.#wait(undefined);
      this.#subscribed = opened;
      if (opened.isLost) this.#lose(opened);
    }
    if (old) await this.#end(old);
  }

  /** @returns undefined when the stream is refused */
  async #open(width: number): Promise<Subscribed | undefined> {
    let opened: Subscribed | undefined;
    let isLost = false;
    try {
      const stream = await this.#options.open(width, () => {
        isLost = true;
        if (opened) this.#lose(opened);
      });
      this.#delay.begin();
      opened = { width, stream, isLost };
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
