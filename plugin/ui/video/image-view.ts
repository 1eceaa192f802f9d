// Shows one source of one call in an `<img>`, which the browser keeps up to date by itself from the plugin's MJPEG: no
// script runs for a picture, and none is told of it. Any host page can use it; it knows no other part of this page.

import type { FrameSource } from "../../../rpc-schema/index.ts";
import { type FrameLink, subscribeParams } from "./frame-feed.ts";
import { StreamSubscription } from "./stream-subscription.ts";

/** Fixed for the life of the view; a new call takes a new one. */
export interface ImageViewOptions {
  image: HTMLImageElement;
  link: FrameLink;
  callId: string;
  source: FrameSource;
  /** Pixels; without it the width follows the image's size on the screen. */
  maxWidth?: number;
  /** Pictures a second. */
  maxFps?: number;
  /** Runs when pictures begin to show. */
  onFirstFrame?: () => void;
  /** Runs when the stream could not be opened. */
  onError?: (error: unknown) => void;
}

export interface ImageView {
  /** Ends the stream and stops watching the page. */
  close(): void;
}

export function createImageView(options: ImageViewOptions): ImageView {
  const { image, link, callId, source, maxWidth, maxFps, onFirstFrame, onError } = options;
  // With it the browser names the page's origin, and the page may draw the picture on a canvas and read it.
  image.crossOrigin = "anonymous";
  const stop = new AbortController();
  watchFirst(image, stop.signal, () => onFirstFrame?.());
  const keeper = new StreamSubscription({
    element: image,
    maxWidth,
    async open(width) {
      const params = {
        ...subscribeParams({ callId, source, maxWidth: width, maxFps }),
        delivery: "mjpeg",
      } as const;
      const { stream, url = "" } = await link.request("frames.subscribe", params);
      image.src = url;
      return {
        async close() {
          // The next stream's URL may stand there already.
          if (image.src === url) image.removeAttribute("src");
          await link.request("frames.unsubscribe", { stream });
        },
      };
    },
    onError,
  });
  return {
    close() {
      stop.abort();
      keeper.close();
    },
  };
}

/** An endless answer may never be "loaded"; that it has a size tells as much. */
function watchFirst(image: HTMLImageElement, signal: AbortSignal, onFirst: () => void): void {
  const look = (): void => {
    if (signal.aborted) return;
    if (image.naturalWidth > 0) onFirst();
    else requestAnimationFrame(look);
  };
  look();
}
