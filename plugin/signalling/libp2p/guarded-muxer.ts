// Puts the frame budget between each connection and its muxer. The muxer itself limits the streams that are open, but not how
// often they are opened, nor how long a frame may be, which it keeps in memory until the frame is whole.

import type { MessageStream, StreamMuxerFactory } from "@libp2p/interface";
import { yamux } from "@libp2p/yamux";
import type { FrameBudget } from "../limits/frame-budget.ts";
import { MAX_FRAME_BYTES, MAX_MUXED_STREAMS } from "../timings.ts";
import { type Frame, FrameScanner } from "./frame-scanner.ts";

/** Bytes of one connection that are read before the event loop goes on. */
const MAX_BYTES_IN_TURN = 16 * 1024;

export interface GuardOptions {
  readonly budget: FrameBudget;
  /** The peer used up its budget, and its connection ends. */
  onExceeded(peerId: string, error: Error): void;
}

export class MuxerGuards {
  readonly #options: GuardOptions;
  #newest: ConnectionGuard | undefined;

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  /** Creates libp2p's factory of muxers. */
  create(): StreamMuxerFactory {
    const factory = yamux({
      maxInboundStreams: MAX_MUXED_STREAMS,
      streamOptions: { maxStreamWindowSize: MAX_FRAME_BYTES },
    })();
    return {
      protocol: factory.protocol,
      createStreamMuxer: (connection) => {
        // Its listener must come before the muxer's.
        this.#newest = new ConnectionGuard(connection, this.#options);
        return factory.createStreamMuxer(connection);
      },
    };
  }

  /** Call it when the gate is asked about a connection. libp2p creates the muxer right before, in the same turn. */
  assign(peerId: string): void {
    this.#newest?.assign(peerId);
    this.#newest = undefined;
  }
}

/** Reads and writes pass it until the budget is used up. */
class ConnectionGuard {
  readonly #connection: MessageStream;
  readonly #options: GuardOptions;
  readonly #incoming = new FrameScanner();
  #peerId = "";
  #bytesInTurn = 0;
  #isOver = false;

  constructor(connection: MessageStream, options: GuardOptions) {
    this.#connection = connection;
    this.#options = options;
    connection.addEventListener("message", (event) => {
      if (!this.#read(event.data.subarray())) event.stopImmediatePropagation();
      else this.#yield(event.data.byteLength);
    });
    const send = connection.send.bind(connection);
    connection.send = (data) => this.#mayWrite(data.byteLength) && send(data);
  }

  assign(peerId: string): void {
    this.#peerId = peerId;
  }

  #read(bytes: Uint8Array): boolean {
    return !this.#isOver && this.#incoming.scan(bytes, (frame) => this.#admits(frame));
  }

  /** Node reads a busy socket many times in a row. Calls and the host get their turn in between. */
  #yield(bytes: number): void {
    this.#bytesInTurn += bytes;
    if (this.#bytesInTurn < MAX_BYTES_IN_TURN || this.#connection.status !== "open") return;
    this.#bytesInTurn = 0;
    this.#connection.pause();
    setImmediate(() => {
      if (this.#connection.status === "open") this.#connection.resume();
    });
  }

  #admits({ starts, bodyBytes }: Frame): boolean {
    const { budget } = this.#options;
    if (bodyBytes > MAX_FRAME_BYTES) return this.#end(`a frame has ${bodyBytes} bytes`);
    if (starts && !budget.start(this.#peerId)) return this.#end("streams are opened too often");
    return budget.take(this.#peerId, bodyBytes) || this.#end("too much is sent over the connection");
  }

  #mayWrite(bytes: number): boolean {
    if (this.#isOver) return false;
    return this.#options.budget.take(this.#peerId, bytes) || this.#end("the peer makes us send too much");
  }

  #end(why: string): false {
    if (this.#isOver) return false;
    this.#isOver = true;
    const error = new Error(why);
    // libp2p must not see the connection end within its own call.
    queueMicrotask(() => this.#connection.abort(error));
    this.#options.onExceeded(this.#peerId, error);
    return false;
  }
}
