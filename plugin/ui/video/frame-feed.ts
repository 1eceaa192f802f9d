// How pictures come to the page: as data URLs over the host's link, or as bytes over a WebSocket of the plugin's own. Gives
// both in one form and takes the acknowledgement back the way the picture came. Draws nothing.

import type { FrameSource, HostNotificationParams, ParamsInput, Result } from "../../../rpc-schema/index.ts";
import type { FrameMessage } from "../link/frame-line-reader.ts";
import type { OpenStream } from "./stream-subscription.ts";

/** What a view needs of a link to the plugin. */
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

/** What is watched, and how much of it. */
export interface FeedOptions {
  callId: string;
  source: FrameSource;
  maxWidth: number;
  maxFps: number | undefined;
}

/** One picture on its way to a canvas. */
export interface IncomingFrame {
  stream: string;
  seq: number;
  /** Unix milliseconds, see the contract's `frame`. */
  capturedAt: number;
  width: number;
  height: number;
  /** A data URL, or the JPEG itself. */
  data: string | Blob;
  /** It was drawn, or cannot be: its credit goes back. */
  acknowledge(): void;
}

/**
 * The page waits for a picture's decoding, which goes by its bytes: with 75, 720p came 40 to 80 ms late (p95), with this
 * 25 ms, and in motion the eye sees no difference.
 */
export const JPEG_QUALITY = 60;
/** One picture being decoded, one on its way: more would only make the picture older. */
const CREDIT = 2;
/** Bytes before the JPEG: seq u32, capturedAt f64, width u16, height u16, big-endian. */
const HEAD_BYTES = 16;
const ACK_BYTES = 4;

/** @throws LinkError when the stream cannot be opened */
export async function openLineFeed(
  link: FrameLink,
  wish: FeedOptions,
  onPicture: (picture: IncomingFrame) => void,
): Promise<OpenStream> {
  const { stream } = await link.request("frames.subscribe", { ...subscribeParams(wish), credit: CREDIT });
  const off = link.onFrame(stream, ({ dataUrl, ...picture }) => {
    const acknowledge = (): void => link.notify("frames.ack", { stream, seq: picture.seq });
    onPicture({ ...picture, data: dataUrl, acknowledge });
  });
  return {
    async close() {
      off();
      await link.request("frames.unsubscribe", { stream });
    },
  };
}

/** The socket ends with the call, before the page knows of that end; so its close is no error. @throws LinkError */
export async function openSocketFeed(
  link: FrameLink,
  wish: FeedOptions,
  onPicture: (picture: IncomingFrame) => void,
): Promise<OpenStream> {
  const params = { ...subscribeParams(wish), credit: CREDIT, delivery: "websocket" } as const;
  const { stream, url } = await link.request("frames.subscribe", params);
  const socket = new WebSocket(url ?? "");
  socket.binaryType = "arraybuffer";
  socket.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
    const head = readHeader(data);
    const acknowledge = (): void => {
      if (socket.readyState === WebSocket.OPEN) socket.send(acknowledgement(head.seq));
    };
    onPicture({
      ...head,
      stream,
      data: new Blob([new Uint8Array(data, HEAD_BYTES)], { type: "image/jpeg" }),
      acknowledge,
    });
  };
  return {
    async close() {
      socket.onmessage = null;
      socket.close();
      await link.request("frames.unsubscribe", { stream });
    },
  };
}

/** Keys in this order, and only those that were asked for. */
export function subscribeParams({ callId, source, maxWidth, maxFps }: FeedOptions) {
  return { callId, source, maxWidth, quality: JPEG_QUALITY, ...(maxFps === undefined ? {} : { maxFps }) };
}

/** @throws RangeError when the message is shorter than its head */
export function readHeader(
  message: ArrayBuffer,
): Pick<IncomingFrame, "seq" | "capturedAt" | "width" | "height"> {
  const head = new DataView(message, 0, HEAD_BYTES);
  return {
    seq: head.getUint32(0),
    capturedAt: head.getFloat64(4),
    width: head.getUint16(12),
    height: head.getUint16(14),
  };
}

function acknowledgement(seq: number): ArrayBuffer {
  const bytes = new ArrayBuffer(ACK_BYTES);
  new DataView(bytes).setUint32(0, seq);
  return bytes;
}
