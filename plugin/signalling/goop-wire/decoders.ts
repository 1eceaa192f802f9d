// Finds the first complete message in a series of chunks: one JSON object, or one line of text. A message must be found
// before the stream ends, because a sender keeps its stream open until the acknowledgement arrives.

/** The bytes are not a message, or exceed the limit. */
export class MalformedMessageError extends Error {
  override readonly name = "MalformedMessageError";
}

/** Decodes one message. It must not be used after it returned a text or threw. */
export interface Decoder {
  /** @returns the text once it is complete @throws MalformedMessageError */
  push(chunk: Uint8Array): string | undefined;
  /** The peer finished writing. @throws MalformedMessageError if the message is incomplete */
  end(): string;
}

/** Collects chunks up to a limit. Decodes them once at the end, since a chunk may end inside a character. */
class ChunkBuffer {
  readonly #maxBytes: number;
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxBytes) {
      throw new MalformedMessageError(`message exceeds ${this.#maxBytes} bytes`);
    }
    this.#chunks.push(chunk);
  }

  text(): string {
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(this.#chunks));
    } catch (cause) {
      throw new MalformedMessageError("message is not UTF-8", { cause });
    }
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = new Set([0x7b, 0x5b]); // { [
const CLOSING = new Set([0x7d, 0x5d]); // } ]
const BLANK = new Set([0x20, 0x09, 0x0a, 0x0d]);

/**
 * One JSON object (RFC 8259). The decoder counts brackets outside strings and leaves validation to the parser. These bytes
 * never occur inside a multi-byte UTF-8 character.
 */
export class JsonObjectDecoder implements Decoder {
  readonly #buffer: ChunkBuffer;
  #depth = 0;
  #started = false;
  #inString = false;
  #escaped = false;

  constructor(maxBytes: number) {
    this.#buffer = new ChunkBuffer(maxBytes);
  }

  push(chunk: Uint8Array): string | undefined {
    for (let index = 0; index < chunk.length; index += 1) {
      if (this.#isLastByte(chunk[index] ?? 0)) {
        this.#buffer.add(chunk.subarray(0, index + 1));
        return this.#buffer.text();
      }
    }
    this.#buffer.add(chunk);
    return undefined;
  }

  end(): string {
    throw new MalformedMessageError(`stream ended after ${this.#buffer.bytes} bytes, inside a message`);
  }

  #isLastByte(byte: number): boolean {
    if (!this.#started) return this.#start(byte);
    if (this.#escaped) this.#escaped = false;
    else if (this.#inString) {
      if (byte === BACKSLASH) this.#escaped = true;
      else if (byte === QUOTE) this.#inString = false;
    } else if (byte === QUOTE) this.#inString = true;
    else if (OPENING.has(byte)) this.#depth += 1;
    else if (CLOSING.has(byte)) this.#depth -= 1;
    return this.#depth === 0;
  }

  #start(byte: number): false {
    if (BLANK.has(byte)) return false;
    if (byte !== 0x7b) {
      throw new MalformedMessageError(`message starts with byte 0x${byte.toString(16)}, expected {`);
    }
    this.#started = true;
    this.#depth = 1;
    return false;
  }
}

const LINE_FEED = 0x0a;

/** One line, ended by a line feed or by the end of the stream. */
export class LineDecoder implements Decoder {
  readonly #buffer: ChunkBuffer;

  constructor(maxBytes: number) {
    this.#buffer = new ChunkBuffer(maxBytes);
  }

  push(chunk: Uint8Array): string | undefined {
    const end = chunk.indexOf(LINE_FEED);
    this.#buffer.add(end < 0 ? chunk : chunk.subarray(0, end));
    return end < 0 ? undefined : this.#buffer.text();
  }

  end(): string {
    return this.#buffer.text();
  }
}
