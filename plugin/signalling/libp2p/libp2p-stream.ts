// Adapts a libp2p stream to the interface ByteStream.

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
    // The event `end` is not enough. If the peer's last bytes and its close arrive during protocol negotiation, libp2p
    // 3.3.11 emits `end`, then puts the bytes back, and never emits `end` again.
    const endIfRead = () => {
      if (stream.remoteWriteStatus === "closed" && stream.readBufferLength === 0) end();
    };
    stream.addEventListener("message", ({ data }) => {
      onChunk(data.subarray());
      queueMicrotask(endIfRead);
    });
    stream.addEventListener("end", end);
    stream.addEventListener("close", end);
    queueMicrotask(endIfRead);
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
