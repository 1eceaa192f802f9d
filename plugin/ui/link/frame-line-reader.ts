// Reads a `frame` notification without JSON.parse, which would copy and scan every data URL: 100 KB each, 30 times a second.
// A line in any other form falls back to JSON.parse.

import type { PluginNotificationParams } from "../../../rpc-schema/index.ts";
import { isRecord } from "./is-record.ts";

export type FrameMessage = PluginNotificationParams<"frame">;

/** Every frame line of the plugin begins with this text, and its keys keep one order. */
export const FRAME_LINE_PREFIX = '{"jsonrpc":"2.0","method":"frame","params":{"stream":"';
const TAIL = '"}}';
const NUMBERS = /^,"seq":(\d+),"capturedAt":([\d.e+-]+),"width":(\d+),"height":(\d+),"dataUrl":"$/;
/** The stream id and the numbers end well before this offset, where the data URL has begun. */
const MAX_HEADER_LENGTH = 512;

/** Compares the beginning only; `readFrameLine` handles the rest. */
export function isFrameLine(line: string): boolean {
  return line.startsWith(FRAME_LINE_PREFIX);
}

/** @throws SyntaxError when the line is not a frame notification */
export function readFrameLine(line: string): FrameMessage {
  return slice(line) ?? parse(line);
}

/** @returns undefined when the line has another form than the plugin's */
function slice(line: string): FrameMessage | undefined {
  const header = line.slice(0, MAX_HEADER_LENGTH);
  if (!header.startsWith(FRAME_LINE_PREFIX) || !line.endsWith(TAIL)) return undefined;
  const streamEnd = header.indexOf('"', FRAME_LINE_PREFIX.length);
  const urlStart = header.indexOf('"data:') + 1;
  if (streamEnd < 0 || urlStart === 0) return undefined;
  const numbers = NUMBERS.exec(header.slice(streamEnd + 1, urlStart));
  const stream = header.slice(FRAME_LINE_PREFIX.length, streamEnd);
  if (!numbers || stream.includes("\\")) return undefined;
  return {
    stream,
    seq: Number(numbers[1]),
    capturedAt: Number(numbers[2]),
    width: Number(numbers[3]),
    height: Number(numbers[4]),
    dataUrl: line.slice(urlStart, -TAIL.length),
  };
}

function parse(line: string): FrameMessage {
  const message: unknown = JSON.parse(line);
  if (!isRecord(message) || message.method !== "frame" || !isRecord(message.params)) {
    throw new SyntaxError(`expected a frame notification, got ${line.slice(0, 80)}`);
  }
  const { stream, seq, capturedAt, width, height, dataUrl } = message.params;
  return {
    stream: String(stream),
    seq: Number(seq),
    capturedAt: Number(capturedAt),
    width: Number(width),
    height: Number(height),
    dataUrl: String(dataUrl),
  };
}
