// Shows one source of one call in an `<img>` that plays the plugin's MJPEG stream. The browser updates the image itself, so
// no script runs and no event fires per frame. Any host page can use it.

import type { FrameSource } from "../../../rpc-schema/index.ts";
import { type FrameLink, subscribeParams } from "./frame-feed.ts";
import { type FrameContent, StreamSubscription } from "./stream-subscription.ts";

/** The options never change, except the content. A new call needs a new view. */
export interface ImageViewOptions {
  image: HTMLImageElement;
  link: FrameLink;
  callId: string;
  source: FrameSource;
  /** In pixels. By default the width follows the image's size on the screen. */
  maxWidth?: number;
  /** A screen is asked for in more detail, and up to a larger width. Default: `camera`. */
  content?: FrameContent;
  /** Frames a second. */
  maxFps?: number;
  /** Runs once, when the image shows its first frame. */
  onFirstFrame?: () => void;
  /** Runs when the stream could not be opened or closed, and is not asked for again. Without `onWait` also for a refusal that may pass. */
  onError?: (error: unknown) => void;
  /** Runs with the reason of a refusal while the stream is asked for again, and with undefined when it is open. */
  onWait?: (reason: unknown) => void;
}

/** Together with the first delay of a new request well within a second. */
const WATCH_MS = 150;

export interface ImageView {
  /** The source changes from the camera to a screen, or back. */
  setContent(content: FrameContent): void;
  /** Ends the stream and removes all listeners from the page. */
  close(): void;
}

export function createImageView(options: ImageViewOptions): ImageView {
  const { image, link, callId, source, maxWidth, maxFps, content, onFirstFrame, onError, onWait } = options;
  // The browser then sends the page's origin, and the page may read the image back from a canvas.
  image.crossOrigin = "anonymous";
  const stop = new AbortController();
  pollForFirstFrame(image, stop.signal, () => onFirstFrame?.());
  const subscription = new StreamSubscription({
    element: image,
    ...{ maxWidth, content },
    async open({ width, quality }, onLost) {
      const feed = { callId, source, maxWidth: width, maxFps, quality };
      const params = { ...subscribeParams(feed), delivery: "mjpeg" } as const;
      const { stream, url = "" } = await link.request("frames.subscribe", params);
      image.src = url;
      const stopWatching = watchForLoss(image, url, onLost);
      return {
        async close() {
          stopWatching();
          // The image may show the next stream already.
          if (image.src === url) image.removeAttribute("src");
          await link.request("frames.unsubscribe", { stream });
        },
      };
    },
    onError,
    onWait,
  });
  return {
    setContent: (next) => subscription.setContent(next),
    close() {
      stop.abort();
      subscription.close();
    },
  };
}

/** The `load` event may never fire for an endless response, so the image's size shows that a frame arrived. */
function pollForFirstFrame(image: HTMLImageElement, signal: AbortSignal, onFirstFrame: () => void): void {
  const poll = (): void => {
    if (signal.aborted) return;
    if (image.naturalWidth > 0) onFirstFrame();
    else requestAnimationFrame(poll);
  };
  poll();
}

/**
 * No event fires when the connection of a multipart stream is cut. WebKitGTK 2.50 and Chromium then show the part that had begun,
 * which is broken and has no width. A stream that the plugin ends keeps its last frame.
 * @returns a function that stops watching
 */
function watchForLoss(image: HTMLImageElement, url: string, onLost: () => void): () => void {
  let wasBroken = false;
  const isCurrent = (): boolean => image.src === url;
  const lose = (): void => {
    stop();
    onLost();
  };
  const timer = setInterval(() => {
    // An image without a first frame is not complete. Two looks in a row, because a new part may just be read.
    const isBroken = isCurrent() && image.complete && image.naturalWidth === 0;
    if (isBroken && wasBroken) lose();
    wasBroken = isBroken;
  }, WATCH_MS);
  // The request itself failed.
  const onImageError = (): void => {
    if (isCurrent()) lose();
  };
  image.addEventListener("error", onImageError);
  const stop = (): void => {
    clearInterval(timer);
    image.removeEventListener("error", onImageError);
  };
  return stop;
}
