// The bytes of a `frame` notification. They are built around the base64 text without parsing or copying it. A fixed prefix
// identifies them, so that a host can pass frames on unparsed.

/** The start of every frame line. The stream id, seq, capturedAt, width, height and dataUrl follow. */
export const FRAME_LINE_PREFIX = '{"jsonrpc":"2.0","method":"frame","params":{"stream":"';
/** The end of every frame line. */
export const FRAME_LINE_TAIL = '"}}';

const PREFIX_BYTES = Buffer.from(FRAME_LINE_PREFIX);
const SEQ_MARK = '","seq":';
/** The longest stream id (64), the mark and the digits of a safe integer. */
const ROUTE_BYTES = 64 + SEQ_MARK.length + 17;

interface FrameLineHead {
  /** Letters, digits, `-` and `_` only, because it is not escaped. */
  readonly stream: string;
  readonly seq: number;
  /** Unix milliseconds. */
  readonly capturedAt: number;
  readonly width: number;
  readonly height: number;
  readonly mediaType: "image/jpeg" | "image/png";
}

/**
 * The part of a frame line before the base64 text. The data URL carries stream and seq as a media type parameter, because
 * WebKit and Chromium serve repeated data URLs from their image cache.
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

/** Reads stream and seq of a frame line without parsing the rest; null for any other line. */
export function frameLineRoute(line: Buffer): { stream: string; seq: number } | null {
  if (!isFrameLine(line)) return null;
  const start = PREFIX_BYTES.length;
  const text = line.toString("latin1", start, start + ROUTE_BYTES);
  const found = /^([A-Za-z0-9_-]+)","seq":(\d+),/.exec(text);
  return found?.[1] && found[2] ? { stream: found[1], seq: Number(found[2]) } : null;
}
