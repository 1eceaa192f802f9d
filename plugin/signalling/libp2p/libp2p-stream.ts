// One libp2p stream as the signalling sees streams.

import type { Stream } from "@libp2p/interface";
import type { ByteStream } from "../node.ts";

export class Libp2pStream implements ByteStream {
  readonly #stream: Stream;

  constructor(stream: Stream) {
    this.#stream = stream;
  }

  receive(onChunk: (chunk: Uint8Array) => void, onEnd: (error?: Error) => void): void {
    const stream = this.#stream;
    let hasEnded = false;
    const end = () => {
      if (hasEnded) return;
      hasEnded = true;
      const isBroken = stream.status === "aborted" || stream.status === "reset";
      onEnd(isBroken ? new Error(`the stream was ${stream.status}`) : undefined);
    };
    // `end` is not enough: when the peer's last bytes and its closing arrive while the protocol is negotiated, libp2p
    // 3.3.11 announces the end, then puts the bytes back, and never announces it again.
    const endWhenRead = () => {
      if (stream.remoteWriteStatus === "closed" && stream.readBufferLength === 0) end();
    };
    stream.addEventListener("message", ({ data }) => {
      onChunk(data.subarray());
      queueMicrotask(endWhenRead);
    });
    stream.addEventListener("end", end);
    stream.addEventListener("close", end);
    queueMicrotask(endWhenRead);
  }

  async send(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    if (!this.#stream.send(bytes)) await this.#stream.onDrain({ signal });
  }

  close(): Promise<void> {
    return this.#stream.close();
  }

  abort(error: Error): void {
    this.#stream.abort(error);
  }
}
