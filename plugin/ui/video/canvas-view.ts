// Shows one source of one call on a canvas. The view subscribes to the frames, draws the newest one, acknowledges it, and
// pauses while the page is hidden. Any host page can use it.

import type { FrameSource } from "../../../rpc-schema/index.ts";
import { openBestFeed } from "./best-feed.ts";
import { type FrameLink, type IncomingFrame, openLineFeed, openSocketFeed } from "./frame-feed.ts";
import { createImageDecoder, Painter } from "./painter.ts";
import { type FrameContent, StreamSubscription } from "./stream-subscription.ts";

export type { FrameLink } from "./frame-feed.ts";

/** The deliveries that bring single frames; `auto` takes the cheaper one that works. `mjpeg` needs an image view. */
export type CanvasDelivery = "auto" | "stdio" | "websocket";

/** The options never change, except the content. A new call needs a new view. */
export interface CanvasViewOptions {
  canvas: HTMLCanvasElement;
  link: FrameLink;
  callId: string;
  source: FrameSource;
  /** Default: `stdio`, which brings data URLs over the host's link. */
  delivery?: CanvasDelivery;
  /** In pixels. By default the width follows the canvas's size on the screen. */
  maxWidth?: number;
  /** A screen is asked for in more detail, and up to a larger width. Default: `camera`. */
  content?: FrameContent;
  /** Frames a second. */
  maxFps?: number;
  /** Runs once, when the first frame is on the canvas. */
  onFirstFrame?: () => void;
  /** Runs when the stream could not be opened or closed, and is not asked for again. Without `onWait` also for a refusal that may pass. */
  onError?: (error: unknown) => void;
  /** Runs with the reason of a refusal while the stream is asked for again, and with undefined when it is open. */
  onWait?: (reason: unknown) => void;
}

/** Detail of the DOM event `goop:drawn`, which the canvas dispatches after each frame. */
export interface DrawnDetail {
  callId: string;
  source: FrameSource;
  stream: string;
  seq: number;
  /** Unix milliseconds, as in the contract's `frame`. */
  capturedAt: number;
  width: number;
  height: number;
}

const OPEN_FEED = { auto: openBestFeed, stdio: openLineFeed, websocket: openSocketFeed };

export interface CanvasView {
  /** The source changes from the camera to a screen, or back. The canvas keeps its frame meanwhile. */
  setContent(content: FrameContent): void;
  /** Ends the stream and removes all listeners from the page. */
  close(): void;
}

export function createCanvasView(options: CanvasViewOptions): CanvasView {
  const { canvas, link, callId, source, delivery, maxWidth, maxFps, content, onError, onWait } = options;
  const painter = new Painter(canvas, createImageDecoder(), createDrawnHandler(options));
  const openFeed = OPEN_FEED[delivery ?? "stdio"];
  const subscription = new StreamSubscription({
    element: canvas,
    ...{ maxWidth, content },
    open: ({ width, quality }, onLost) => {
      const feed = { callId, source, maxWidth: width, maxFps, quality };
      return openFeed(link, feed, (frame) => painter.offer(frame), onLost);
    },
    onError,
    onWait,
  });
  return {
    setContent: (next) => subscription.setContent(next),
    close() {
      painter.stop();
      subscription.close();
    },
  };
}

function createDrawnHandler({ callId, source, canvas, onFirstFrame }: CanvasViewOptions) {
  let hasDrawn = false;
  return ({ stream, seq, capturedAt, width, height }: IncomingFrame): void => {
    const detail: DrawnDetail = { callId, source, stream, seq, capturedAt, width, height };
    canvas.dispatchEvent(new CustomEvent("goop:drawn", { detail }));
    if (hasDrawn) return;
    hasDrawn = true;
    onFirstFrame?.();
  };
}
