// Receives frames as data URLs over the host's link, or as binary messages over a WebSocket of the plugin. Both feeds give
// frames in one form, and each sends acknowledgements back over its own connection.

import type { FrameSource, HostNotificationParams, ParamsInput, Result } from "../../../rpc-schema/index.ts";
import type { FrameMessage } from "../link/frame-line-reader.ts";
import type { OpenStream } from "./stream-subscription.ts";

/** The part of a link that a view needs. */
export interface FrameLink {
  request<M extends "frames.subscribe" | "frames.unsubscribe">(
    method: M,
    params: ParamsInput<M>,
  ): Promise<Result<M>>;
  /** Without a connection the notification is dropped. */
  notify(method: "frames.ack", params: HostNotificationParams<"frames.ack">): void;
  /** @returns a function that removes the handler */
  onFrame(stream: string, handler: (frame: FrameMessage) => void): () => void;
}

interface FeedOptions {
  callId: string;
  source: FrameSource;
  maxWidth: number;
  maxFps: number | undefined;
}

/** One frame on its way to a canvas. */
export interface IncomingFrame {
  stream: string;
  seq: number;
  /** Unix milliseconds, as in the contract's `frame`. */
  capturedAt: number;
  width: number;
  height: number;
  /** A data URL, or the JPEG itself. */
  data: string | Blob;
  /** Returns the frame's credit to the plugin, once the frame is drawn or has proved unreadable. */
  acknowledge(): void;
}

/**
 * Decoding time in the page grows with the size of the JPEG. At quality 75, 720p frames were 40 to 80 ms late (p95); at 60
 * they are 25 ms late, and moving pictures look the same.
 */
export const JPEG_QUALITY = 60;
/** One frame is decoded while the next one is on its way. More credit would only make frames older. */
const CREDIT = 2;
/** Bytes before the JPEG: seq u32, capturedAt f64, width u16, height u16, big-endian. */
const HEADER_BYTES = 16;
const ACK_BYTES = 4;

/** The stream ends with the link, which its owner opens again. @throws LinkError when the stream cannot be opened */
export async function openLineFeed(
  link: FrameLink,
  options: FeedOptions,
  onFrame: (frame: IncomingFrame) => void,
): Promise<OpenStream> {
  const { stream } = await link.request("frames.subscribe", { ...subscribeParams(options), credit: CREDIT });
  const removeHandler = link.onFrame(stream, ({ dataUrl, ...frame }) => {
    const acknowledge = (): void => link.notify("frames.ack", { stream, seq: frame.seq });
    onFrame({ ...frame, data: dataUrl, acknowledge });
  });
  return {
    async close() {
      removeHandler();
      await link.request("frames.unsubscribe", { stream });
    },
  };
}

/**
 * The socket also closes with the call, before `call.ended` reaches the page. So its close is not an error.
 * @throws LinkError when the stream cannot be opened
 */
export async function openSocketFeed(
  link: FrameLink,
  options: FeedOptions,
  onFrame: (frame: IncomingFrame) => void,
  onLost: () => void,
): Promise<OpenStream> {
  const params = { ...subscribeParams(options), credit: CREDIT, delivery: "websocket" } as const;
  const { stream, url } = await link.request("frames.subscribe", params);
  const socket = new WebSocket(url ?? "");
  socket.binaryType = "arraybuffer";
  socket.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
    const header = readHeader(data);
    const acknowledge = (): void => {
      if (socket.readyState === WebSocket.OPEN) socket.send(acknowledgement(header.seq));
    };
    const jpeg = new Blob([new Uint8Array(data, HEADER_BYTES)], { type: "image/jpeg" });
    onFrame({ ...header, stream, data: jpeg, acknowledge });
  };
  // Follows every error of the socket too.
  socket.onclose = onLost;
  return {
    async close() {
      socket.onclose = null;
      socket.onmessage = null;
      socket.close();
      await link.request("frames.unsubscribe", { stream });
    },
  };
}

/** Keeps this order of keys, and omits what is not set. */
export function subscribeParams({ callId, source, maxWidth, maxFps }: FeedOptions) {
  return { callId, source, maxWidth, quality: JPEG_QUALITY, ...(maxFps === undefined ? {} : { maxFps }) };
}

/** @throws RangeError when the message is shorter than its header */
function readHeader(message: ArrayBuffer): Pick<IncomingFrame, "seq" | "capturedAt" | "width" | "height"> {
  const header = new DataView(message, 0, HEADER_BYTES);
  return {
    seq: header.getUint32(0),
    capturedAt: header.getFloat64(4),
    width: header.getUint16(12),
    height: header.getUint16(14),
  };
}

function acknowledgement(seq: number): ArrayBuffer {
  const bytes = new ArrayBuffer(ACK_BYTES);
  new DataView(bytes).setUint32(0, seq);
  return bytes;
}
