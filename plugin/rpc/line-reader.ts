// Bytes → lines. Decides where a line ends and when it is too long; knows nothing of JSON or of who sends.

import type { Readable } from "node:stream";

/** No line of either side is longer, newline not counted: a part of the contract (rpc-schema/README.md). */
export const MAX_LINE_BYTES = 16 * 1024 * 1024;

export interface LineReaderCallbacks {
  /** One line without its newline. The bytes are the receiver's to keep. */
  onLine(line: Buffer): void;
  /** Once for each line over the limit, as soon as it passes it; the rest of that line is skipped. */
  onTooLong(limitBytes: number): void;
}

export interface LineReader {
  push(chunk: Buffer): void;
  /** The input has ended. Gives the number of bytes of a last line that had no newline, which are dropped. */
  end(): number;
}

const NEWLINE = 0x0a;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Whole lines only, so that no character is ever cut. @throws TypeError where the bytes are not UTF-8. */
export function decodeLine(line: Uint8Array): string {
  return utf8.decode(line);
}

export function createLineReader(callbacks: LineReaderCallbacks, limitBytes = MAX_LINE_BYTES): LineReader {
  const held = createHeldLine();
  let skipping = false;

  /** `part` belongs to the current line and does not end it. */
  function hold(part: Buffer): void {
    if (skipping) return;
    if (held.length + part.length > limitBytes) skip();
    else held.append(part);
  }

  function skip(): void {
    skipping = true;
    held.clear();
    callbacks.onTooLong(limitBytes);
  }

  /** `part` is the last of the current line. */
  function finish(part: Buffer): void {
    if (!skipping && held.length + part.length > limitBytes) skip();
    const skipped = skipping;
    skipping = false;
    if (!skipped) callbacks.onLine(held.length === 0 ? part : held.take(part));
  }

  function push(chunk: Buffer): void {
    let start = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, start)) {
      finish(chunk.subarray(start, at));
      start = at + 1;
    }
    if (start < chunk.length) hold(chunk.subarray(start));
  }

  function end(): number {
    const dropped = held.length;
    held.clear();
    return dropped;
  }

  return { push, end };
}

export interface ReadLinesCallbacks extends LineReaderCallbacks {
  /** The input ended or broke, once. `droppedBytes` were half a line. */
  onEnd(droppedBytes: number, error?: Error): void;
}

/** Reads `input` to its end. */
export function readLines(input: Readable, callbacks: ReadLinesCallbacks): void {
  const reader = createLineReader(callbacks);
  let ended = false;
  const end = (error?: Error): void => {
    if (ended) return;
    ended = true;
    callbacks.onEnd(reader.end(), error);
  };
  input.on("data", (chunk: Buffer) => reader.push(chunk));
  input.once("end", () => end());
  input.once("close", () => end());
  input.on("error", (error: Error) => end(error));
}

/** Chunks below this are copied together: one object for each byte of a 16 MiB line would cost a gigabyte. */
const SMALL_CHUNK_BYTES = 4096;
const SLAB_BYTES = 64 * 1024;

/** The beginning of a line that came in several chunks, joined once, when the line is complete. */
function createHeldLine() {
  let chunks: Buffer[] = [];
  let length = 0;
  let slab = Buffer.alloc(0);
  let slabStart = 0;
  let slabUsed = 0;

  function seal(): void {
    if (slabUsed > slabStart) chunks.push(slab.subarray(slabStart, slabUsed));
    slabStart = slabUsed;
  }

  function copySmall(part: Buffer): void {
    if (slabUsed + part.length > slab.length) {
      seal();
      slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
      slabStart = 0;
      slabUsed = 0;
    }
    slabUsed += part.copy(slab, slabUsed);
  }

  function clear(): void {
    chunks = [];
    length = 0;
    slabStart = slabUsed;
  }

  return {
    get length() {
      return length;
    },
    append(part: Buffer): void {
      length += part.length;
      if (part.length < SMALL_CHUNK_BYTES) {
        copySmall(part);
      } else {
        seal();
        chunks.push(part);
      }
    },
    take(last: Buffer): Buffer {
      seal();
      const line = Buffer.concat([...chunks, last], length + last.length);
      clear();
      return line;
    },
    clear,
  };
}
