// The bytes of a `frame` notification: built around a picture's base64 without parsing or copying it, and recognised
// by their fixed beginning, so that a host can pass pictures on unparsed. Knows no streams and no credit.

/** Every frame line begins so; after it come the stream id, then seq, capturedAt, width, height, dataUrl. */
export const FRAME_LINE_PREFIX = '{"jsonrpc":"2.0","method":"frame","params":{"stream":"';
/** Ends every frame line. */
export const FRAME_LINE_TAIL = '"}}';

const PREFIX_BYTES = Buffer.from(FRAME_LINE_PREFIX);
const SEQ_MARK = '","seq":';
/** Longest stream id (64) + the mark + the digits of a safe integer; nothing to read lies beyond. */
const ROUTE_BYTES = 64 + SEQ_MARK.length + 17;

export interface FrameLineHead {
  /** Made of letters, digits, `-` and `_` only: it is not escaped. */
  readonly stream: string;
  readonly seq: number;
  /** Unix milliseconds. */
  readonly capturedAt: number;
  readonly width: number;
  readonly height: number;
  readonly mediaType: "image/jpeg" | "image/png";
}

/**
 * Everything of a frame line that stands before the base64 text. The data URL carries stream and seq as a media type
 * parameter, because both WebKit and Chromium answer repeated data URLs from their image cache.
 */
export function frameLineHead(head: FrameLineHead): string {
  const { stream, seq, capturedAt, width, height, mediaType } = head;
  return (
    `${FRAME_LINE_PREFIX}${stream}${SEQ_MARK}${seq},"capturedAt":${capturedAt},"width":${width},"height":${height},` +
    `"dataUrl":"data:${mediaType};n=${stream}-${seq};base64,`
  );
}

export function isFrameLine(line: Uint8Array): boolean {
  return line.length > PREFIX_BYTES.length && PREFIX_BYTES.compare(line, 0, PREFIX_BYTES.length) === 0;
}

/** Stream and seq of a frame line, read without parsing the picture; null for any other line. */
export function frameLineRoute(line: Buffer): { stream: string; seq: number } | null {
  if (!isFrameLine(line)) return null;
  const start = PREFIX_BYTES.length;
  const text = line.toString("latin1", start, start + ROUTE_BYTES);
  const found = /^([A-Za-z0-9_-]+)","seq":(\d+),/.exec(text);
  return found?.[1] && found[2] ? { stream: found[1], seq: Number(found[2]) } : null;
}
