// Keeps one frame stream at the width that its element needs, and closes it while the page is hidden. When the width
// changes, the new stream opens before the old one closes.

/** An open stream. Closing it can fail, because the stream may have ended by itself. */
export interface OpenStream {
  close(): Promise<void>;
}

interface StreamSubscriptionOptions {
  /** Its size on the screen decides the width. */
  readonly element: HTMLElement;
  /** In pixels; undefined follows the element. */
  readonly maxWidth: number | undefined;
  open(width: number): Promise<OpenStream>;
  /** The stream could not be opened or closed. */
  readonly onError: ((error: unknown) => void) | undefined;
}

/** Few widths, so that resizing a window does not open a new stream at every pixel. */
const WIDTH_CLASSES = [320, 640, 1280, 1920];

/** @returns the smallest class that covers this number of device pixels */
function widthClass(pixels: number): number {
  return WIDTH_CLASSES.find((width) => width >= pixels) ?? 1920;
}

/** Subscribes at once. */
export class StreamSubscription {
  readonly #options: StreamSubscriptionOptions;
  readonly #resize: ResizeObserver;
  readonly #onChange = (): void => void this.#reconcile();
  #stream: OpenStream | undefined;
  /** The width of the last subscription; undefined without one. */
  #subscribedWidth: number | undefined;
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
      for (let width = this.#neededWidth(); width !== this.#subscribedWidth; width = this.#neededWidth()) {
        this.#subscribedWidth = width;
        const old = this.#stream;
        this.#stream = undefined;
        if (width !== undefined) this.#stream = await this.#options.open(width);
        await old?.close();
      }
    } catch (error) {
      if (!this.#isClosed) this.#options.onError?.(error);
    } finally {
      this.#isBusy = false;
    }
  }
}
