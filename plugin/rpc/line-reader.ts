// Splits a stream of bytes into lines, and skips lines that are too long without buffering them.

import type { Readable } from "node:stream";

/** The longest line of either side without its newline, as the contract defines it (rpc-schema/README.md). */
export const MAX_LINE_BYTES = 16 * 1024 * 1024;

export interface LineReaderCallbacks {
  /** One line without its newline. The receiver may keep the bytes. */
  onLine(line: Buffer): void;
  /** Called once for each line over the limit, as soon as the limit is passed. The rest of the line is skipped. */
  onTooLong(limitBytes: number): void;
}

export interface LineReader {
  push(chunk: Buffer): void;
  /** Ends the input and drops a last line without a newline. @returns the number of dropped bytes */
  end(): number;
}

const NEWLINE = 0x0a;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Decodes a whole line at once, so that no character is cut. @throws TypeError when the bytes are not UTF-8 */
export function decodeLine(line: Uint8Array): string {
  return utf8.decode(line);
}

export function createLineReader(callbacks: LineReaderCallbacks, limitBytes = MAX_LINE_BYTES): LineReader {
  const held = createHeldLine();
  let skipping = false;

  /** Adds a part that does not end the current line. */
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

  /** Adds the last part of the current line. */
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
  /** Called once, when the input ends or breaks. `droppedBytes` is the length of an incomplete last line. */
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

/** Smaller chunks are copied together. One object for each byte of a 16 MiB line would cost a gigabyte. */
const SMALL_CHUNK_BYTES = 4096;
const SLAB_BYTES = 64 * 1024;

/** The beginning of a line that arrives in several chunks. The chunks are joined once, when the line is complete. */
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
