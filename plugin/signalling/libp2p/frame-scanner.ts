// Finds the frames of yamux in the bytes of a connection, without their contents.
// See https://github.com/hashicorp/yamux/blob/master/spec.md

/** The header holds version, type, flags, stream id and length. */
const HEADER_BYTES = 12;
const DATA = 0;
const SYN = 1;

export interface Frame {
  /** Whether it starts a stream. */
  readonly starts: boolean;
  /** Bytes of its body. Only data frames have one. */
  readonly bodyBytes: number;
}

export class FrameScanner {
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerBytes = 0;
  #bodyBytesLeft = 0;

  /** Bytes may come in any pieces. @param onFrame runs at the end of each header; false ends the scan @returns false if it ended */
  scan(bytes: Uint8Array, onFrame: (frame: Frame) => boolean): boolean {
    let at = 0;
    while (at < bytes.length) {
      const skipped = Math.min(this.#bodyBytesLeft, bytes.length - at);
      this.#bodyBytesLeft -= skipped;
      at += skipped;
      const taken = bytes.subarray(at, at + HEADER_BYTES - this.#headerBytes);
      this.#header.set(taken, this.#headerBytes);
      this.#headerBytes += taken.length;
      at += taken.length;
      if (this.#headerBytes === HEADER_BYTES && !onFrame(this.#nextFrame())) return false;
    }
    return true;
  }

  #nextFrame(): Frame {
    this.#headerBytes = 0;
    const isData = this.#header.readUInt8(1) === DATA;
    const [flags, streamId] = [this.#header.readUInt16BE(2), this.#header.readUInt32BE(4)];
    this.#bodyBytesLeft = isData ? this.#header.readUInt32BE(8) : 0;
    return { starts: streamId !== 0 && (flags & SYN) !== 0, bodyBytes: this.#bodyBytesLeft };
  }
}
