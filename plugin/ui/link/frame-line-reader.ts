// Reads one `frame` notification without parsing it as JSON: at 30 pictures a second of 100 KB each, JSON.parse would
// copy and scan every one of them. A line of any other shape falls back to JSON.parse.

import type { PluginNotificationParams } from "../../../rpc-schema/index.ts";

export type FrameMessage = PluginNotificationParams<"frame">;

/** How the plugin begins every frame line; its keys always stand in this order. */
export const FRAME_LINE_PREFIX = '{"jsonrpc":"2.0","method":"frame","params":{"stream":"';
const TAIL = '"}}';
const NUMBERS = /^,"seq":(\d+),"capturedAt":([\d.e+-]+),"width":(\d+),"height":(\d+),"dataUrl":"$/;
/** Stream id and numbers end well before this; the data URL begins after them. */
const LONGEST_HEAD = 512;

/** Looks at the beginning only; `readFrameLine` copes with the rest. */
export function isFrameLine(line: string): boolean {
  return line.startsWith(FRAME_LINE_PREFIX);
}

/** @throws SyntaxError when the line is no frame at all */
export function readFrameLine(line: string): FrameMessage {
  return cut(line) ?? parse(line);
}

function cut(line: string): FrameMessage | undefined {
  const head = line.slice(0, LONGEST_HEAD);
  if (!head.startsWith(FRAME_LINE_PREFIX) || !line.endsWith(TAIL)) return undefined;
  const streamEnd = head.indexOf('"', FRAME_LINE_PREFIX.length);
  const urlStart = head.indexOf('"data:') + 1;
  if (streamEnd < 0 || urlStart === 0) return undefined;
  const numbers = NUMBERS.exec(head.slice(streamEnd + 1, urlStart));
  const stream = head.slice(FRAME_LINE_PREFIX.length, streamEnd);
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
  if (!isObject(message) || message.method !== "frame" || !isObject(message.params)) {
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

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
