// Shows one source of one call on a canvas: subscribes, draws the newest picture, acknowledges what it drew, and rests
// while the page is hidden. Any host page can use it; it knows no other part of this page.

import type { FrameSource } from "../../../rpc-schema/index.ts";
import { type FrameLink, type IncomingFrame, openLineFeed, openSocketFeed } from "./frame-feed.ts";
import { createImageDecoder, Painter } from "./painter.ts";
import { StreamSubscription } from "./stream-subscription.ts";

export type { FrameLink } from "./frame-feed.ts";
export { widthClass } from "./stream-subscription.ts";

/** The ways that bring single pictures; `mjpeg` is for an image-view. */
export type CanvasDelivery = "stdio" | "websocket";

/** Fixed for the life of the view; a new call takes a new one. */
export interface CanvasViewOptions {
  canvas: HTMLCanvasElement;
  link: FrameLink;
  callId: string;
  source: FrameSource;
  /** Default: stdio, data URLs over the host's link. */
  delivery?: CanvasDelivery;
  /** Pixels; without it the width follows the canvas's size on the screen. */
  maxWidth?: number;
  /** Pictures a second. */
  maxFps?: number;
  /** Runs when pictures begin to show. */
  onFirstFrame?: () => void;
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

export function createCanvasView(options: CanvasViewOptions): CanvasView {
  const { canvas, link, callId, source, delivery, maxWidth, maxFps, onError } = options;
  const painter = new Painter(canvas, createImageDecoder(), createTeller(options));
  const openFeed = delivery === "websocket" ? openSocketFeed : openLineFeed;
  const keeper = new StreamSubscription({
    element: canvas,
    maxWidth,
    open: (width) =>
      openFeed(link, { callId, source, maxWidth: width, maxFps }, (picture) => painter.offer(picture)),
    onError,
  });
  return {
    close() {
      painter.stop();
      keeper.close();
    },
  };
}

function createTeller({ callId, source, canvas, onFirstFrame }: CanvasViewOptions) {
  let hasDrawn = false;
  return ({ stream, seq, capturedAt, width, height }: IncomingFrame): void => {
    const detail: DrawnDetail = { callId, source, stream, seq, capturedAt, width, height };
    canvas.dispatchEvent(new CustomEvent("goop:drawn", { detail }));
    if (hasDrawn) return;
    hasDrawn = true;
    onFirstFrame?.();
  };
}
