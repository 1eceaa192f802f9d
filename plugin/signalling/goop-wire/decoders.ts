// Finds the first complete message in a stream of chunks: one JSON object, or one line of text. Knows bytes, not
// streams. Nothing waits for the end of the stream, because a sender keeps it open until it has its acknowledgement.

/** What came is not a message, or is longer than allowed. */
export class MalformedMessageError extends Error {
  override readonly name = "MalformedMessageError";
}

/** Serves one message. After a text or an error it must not be used again. */
export interface Decoder {
  /** Gives the text once it is complete. @throws MalformedMessageError */
  push(chunk: Uint8Array): string | undefined;
  /** The peer has finished writing. @throws MalformedMessageError when that leaves half a message */
  end(): string;
}

/** Chunks up to a bound, joined once. Decoding waits for the whole, so a character may be cut anywhere. */
class Gathered {
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
 * One JSON object (RFC 8259), found by counting brackets outside strings; whether it is JSON throughout is the
 * parser's to say. The bytes counted never occur inside a multi-byte UTF-8 character.
 */
export class JsonObjectDecoder implements Decoder {
  readonly #gathered: Gathered;
  #depth = 0;
  #started = false;
  #inString = false;
  #escaped = false;

  constructor(maxBytes: number) {
    this.#gathered = new Gathered(maxBytes);
  }

  push(chunk: Uint8Array): string | undefined {
    for (let index = 0; index < chunk.length; index += 1) {
      if (this.#completes(chunk[index] ?? 0)) {
        this.#gathered.add(chunk.subarray(0, index + 1));
        return this.#gathered.text();
      }
    }
    this.#gathered.add(chunk);
    return undefined;
  }

  end(): string {
    throw new MalformedMessageError(`stream ended after ${this.#gathered.bytes} bytes, inside a message`);
  }

  #completes(byte: number): boolean {
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

/** One line; the end of the stream ends it too. */
export class LineDecoder implements Decoder {
  readonly #gathered: Gathered;

  constructor(maxBytes: number) {
    this.#gathered = new Gathered(maxBytes);
  }

  push(chunk: Uint8Array): string | undefined {
    const end = chunk.indexOf(LINE_FEED);
    this.#gathered.add(end < 0 ? chunk : chunk.subarray(0, end));
    return end < 0 ? undefined : this.#gathered.text();
  }

  end(): string {
    return this.#gathered.text();
  }
}
