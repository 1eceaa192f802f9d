// Receives frames as data URLs over the host's link, or as binary messages over a WebSocket of the plugin. Both feeds give
// frames in one form, and each sends acknowledgements back over its own connection.

import type { FrameSource, HostNotificationParams, ParamsInput, Result } from "../../../rpc-schema/index.ts";
import type { FrameMessage } from "../link/frame-line-reader.ts";
import { JPEG_QUALITY, type OpenStream } from "./stream-subscription.ts";

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

export interface FeedOptions {
  callId: string;
  source: FrameSource;
  maxWidth: number;
  maxFps: number | undefined;
  /** Of the JPEG. Default: that of a camera. */
  quality?: number | undefined;
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
  return receiveLines(link, stream, onFrame);
}

/** Call this in the turn in which `frames.subscribe` is answered, or frames are lost. */
export function receiveLines(
  link: FrameLink,
  stream: string,
  onFrame: (frame: IncomingFrame) => void,
): OpenStream {
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
  const { stream, url } = await link.request("frames.subscribe", socketParams(options));
  const socket = openSocket(url ?? "", stream, onFrame, onLost);
  if (!socket) onLost();
  return {
    async close() {
      socket?.close();
      await link.request("frames.unsubscribe", { stream });
    },
  };
}

/** A connection to the plugin that brings one stream. */
interface FrameSocket {
  /** @returns whether it opened within this time. A socket that did not is closed, and `onLost` does not run */
  opened(limitMs: number): Promise<boolean>;
  close(): void;
}

/**
 * @param onLost runs at most once, after any end but `close`
 * @returns undefined where the page may not connect, for instance because it came by https
 */
export function openSocket(
  url: string,
  stream: string,
  onFrame: (frame: IncomingFrame) => void,
  onLost: () => void,
): FrameSocket | undefined {
  const socket = createSocket(url);
  if (!socket) return undefined;
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
  const close = (): void => {
    socket.onclose = null;
    socket.onmessage = null;
    socket.close();
  };
  return {
    close,
    async opened(limitMs) {
      const isOpen = await untilOpen(socket, limitMs);
      if (isOpen) socket.onclose = onLost;
      else close();
      return isOpen;
    },
  };
}

function createSocket(url: string): WebSocket | undefined {
  try {
    return new WebSocket(url);
  } catch (error) {
    // SyntaxError for the address, SecurityError for a page that may not connect.
    if (error instanceof DOMException) return undefined;
    throw error;
  }
}

function untilOpen(socket: WebSocket, limitMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), limitMs);
    const settle = (isOpen: boolean): void => {
      clearTimeout(timer);
      resolve(isOpen);
    };
    socket.onopen = () => settle(true);
    socket.onclose = () => settle(false);
  });
}

export function socketParams(options: FeedOptions) {
  return { ...subscribeParams(options), credit: CREDIT, delivery: "websocket" } as const;
}

/** Keeps this order of keys, and omits what is not set. */
export function subscribeParams({ callId, source, maxWidth, maxFps, quality = JPEG_QUALITY }: FeedOptions) {
  return { callId, source, maxWidth, quality, ...(maxFps === undefined ? {} : { maxFps }) };
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
