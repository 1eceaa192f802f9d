// Keeps one picture stream in line with what its element needs: of the right width, none while the page is hidden, never a
// gap between two. Knows neither how pictures come nor how they are shown.

/** An open stream; closing it may fail because it has ended by itself. */
export interface OpenStream {
  close(): Promise<void>;
}

export interface StreamSubscriptionOptions {
  /** Whose size on the screen decides the width. */
  readonly element: HTMLElement;
  /** Pixels; without it the width follows the element. */
  readonly maxWidth: number | undefined;
  open(width: number): Promise<OpenStream>;
  /** The stream could not be opened or closed. */
  readonly onError: ((error: unknown) => void) | undefined;
}

/** Widths asked for, so that a moving window edge does not open a new stream at every pixel. */
const WIDTH_CLASSES = [320, 640, 1280, 1920];

/** The smallest class that fills `pixels`, which are device pixels. */
export function widthClass(pixels: number): number {
  return WIDTH_CLASSES.find((width) => width >= pixels) ?? 1920;
}

/** Begins at once. */
export class StreamSubscription {
  readonly #options: StreamSubscriptionOptions;
  readonly #resize: ResizeObserver;
  readonly #onVisibility = (): void => void this.#reconcile();
  #stream: OpenStream | undefined;
  /** The width asked for last; undefined when nothing is subscribed. */
  #asked: number | undefined;
  #isBusy = false;
  #isClosed = false;

  constructor(options: StreamSubscriptionOptions) {
    this.#options = options;
    this.#resize = new ResizeObserver(this.#onVisibility);
    this.#resize.observe(options.element);
    document.addEventListener("visibilitychange", this.#onVisibility);
    void this.#reconcile();
  }

  close(): void {
    this.#isClosed = true;
    this.#resize.disconnect();
    document.removeEventListener("visibilitychange", this.#onVisibility);
    void this.#reconcile();
  }

  #wanted(): number | undefined {
    if (this.#isClosed || document.visibilityState === "hidden") return undefined;
    const { maxWidth, element } = this.#options;
    // An element that is not laid out yet counts as medium: pictures flow before the first one makes it visible.
    return maxWidth ?? widthClass((element.clientWidth || 640) * devicePixelRatio);
  }

  /** Brings the subscription in line with what is wanted; one change at a time. */
  async #reconcile(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      for (let width = this.#wanted(); width !== this.#asked; width = this.#wanted()) {
        this.#asked = width;
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
