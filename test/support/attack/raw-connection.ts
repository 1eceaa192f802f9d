// One connection whose yamux frames the test writes itself. Written from the specifications of multistream-select and yamux. It must
// not import the plugin.

import type { MessageStream, PrivateKey } from "@libp2p/interface";

/** Types of yamux frames. */
export const FRAME = { data: 0, window: 1, ping: 2 } as const;
/** Their flags. */
export const FLAG = { syn: 1, ack: 2, fin: 4, rst: 8 } as const;
const HEADER_BYTES = 12;

export class RawConnection {
  /** The identity of the connection's peer. */
  readonly key: PrivateKey;
  /** Called with the data of a stream that the plugin opened. */
  onStream: (id: number, text: string) => void = () => undefined;
  readonly #stream: MessageStream;
  #nextId = 1;
  #received = Buffer.alloc(0);

  constructor(stream: MessageStream, key: PrivateKey) {
    this.#stream = stream;
    this.key = key;
    stream.addEventListener("message", ({ data }) => this.#read(Buffer.from(data.subarray())));
  }

  get isOpen(): boolean {
    return this.#stream.status === "open";
  }

  /** False while the plugin does not read as fast as we write. */
  get isWritable(): boolean {
    return this.isOpen && !this.#stream.writableNeedsDrain;
  }

  /** The ids of our streams are odd. */
  nextId(): number {
    const id = this.#nextId;
    this.#nextId += 2;
    return id;
  }

  write(...frames: readonly Uint8Array[]): void {
    if (this.isOpen) this.#stream.send(Buffer.concat(frames));
  }

  close(): void {
    this.#stream.abort(new Error("the peer closes its connection"));
  }

  /** Answers pings, without which the plugin would close the connection, and reports data. */
  #read(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    while (this.#received.length >= HEADER_BYTES) {
      const header = this.#received;
      const [type, flags, id, length] = [
        header.readUInt8(1),
        header.readUInt16BE(2),
        header.readUInt32BE(4),
        header.readUInt32BE(8),
      ];
      const size = HEADER_BYTES + (type === FRAME.data ? length : 0);
      if (header.length < size) return;
      if (type === FRAME.ping && flags === FLAG.syn) this.write(frame(FRAME.ping, FLAG.ack, 0, length));
      if (type === FRAME.data && id % 2 === 0)
        this.onStream(id, header.toString("latin1", HEADER_BYTES, size));
      this.#received = header.subarray(size);
    }
  }
}

/** @param length of a data frame's body, or the number of a ping, or the growth of a window */
export function frame(type: number, flags: number, id: number, length: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(type, 1);
  header.writeUInt16BE(flags, 2);
  header.writeUInt32BE(id, 4);
  header.writeUInt32BE(length, 8);
  return header;
}

export function dataFrame(flags: number, id: number, body: Uint8Array): Buffer {
  return Buffer.concat([frame(FRAME.data, flags, id, body.length), body]);
}

/** A line of multistream-select. */
export function line(protocol: string): Buffer {
  const text = Buffer.from(`${protocol}\n`);
  return Buffer.concat([varint(text.length), text]);
}

/** Agrees the protocol without waiting for the other side, and opens the stream. */
export function opening(id: number, protocol: string, body: Uint8Array, flags = 0): Buffer {
  return dataFrame(FLAG.syn | flags, id, Buffer.concat([line("/multistream/1.0.0"), line(protocol), body]));
}

export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, rest]);
}
