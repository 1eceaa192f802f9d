// All limits of what peers may open here: connections, streams in number and in time. One for a node.

import { errorText } from "../../common/error-text.ts";
import type { Log } from "../../log.ts";
import type { ByteStream, StreamHandler, StreamSource } from "../node.ts";
import { MAX_INCOMING_STREAMS } from "../timings.ts";
import { ConnectionBudget } from "./connection-budget.ts";
import { FrameBudget } from "./frame-budget.ts";
import { GossipBudget } from "./gossip-budget.ts";
import { OPENINGS } from "./opening-budget.ts";
import type { PeerClass } from "./peer-class.ts";
import { RateBudget } from "./rate-budget.ts";
import { StreamBudget } from "./stream-budget.ts";

export interface AdmissionOptions {
  /** See Signalling.isKnown. */
  isKnown(peerId: string): boolean;
  readonly log: Log;
}

/** Serves one stream, and ends it on every path. Rejects never. @param evicted aborts when others need the stream's place */
type ServeStream = (stream: ByteStream, from: string, evicted: AbortSignal) => Promise<void>;

export class Admission {
  readonly connections: ConnectionBudget;
  readonly gossip: GossipBudget;
  readonly frames: FrameBudget;
  readonly #isKnown: (peerId: string) => boolean;
  readonly #log: Log;
  readonly #streams: StreamBudget;
  readonly #openings: RateBudget;
  #refused = 0;

  constructor({ isKnown, log }: AdmissionOptions) {
    const classOf = (peerId: string): PeerClass => (isKnown(peerId) ? "known" : "stranger");
    this.#isKnown = isKnown;
    this.#log = log;
    this.connections = new ConnectionBudget(classOf);
    this.gossip = new GossipBudget(classOf);
    this.#streams = new StreamBudget({ max: MAX_INCOMING_STREAMS, classOf });
    this.#openings = new RateBudget(classOf, OPENINGS);
    this.frames = new FrameBudget(classOf);
  }

  /** Streams that were reset because they came too often, or because others needed their place. */
  get refusedStreams(): number {
    return this.#refused + this.#streams.evicted;
  }

  /** Puts the limits before a protocol's handler. */
  limited(serve: ServeStream): StreamHandler {
    return (stream, source) => {
      if (!this.#openings.take(source.peerId)) {
        this.#refuse(stream, source);
        return;
      }
      const evicted = new AbortController();
      const leave = this.#streams.enter(source, (error) => {
        evicted.abort(error);
        stream.abort(error);
      });
      void serve(stream, source.peerId, evicted.signal).finally(leave);
    };
  }

  /** The connection of the peer ends, because it costs too much. */
  onExceeded(peerId: string, error: Error): void {
    this.#refused += 1;
    this.#log("debug", `${peerId} is disconnected: ${errorText(error)}`);
    if (!this.#isKnown(peerId)) this.connections.bar(peerId);
  }

  /** A stranger loses its connection too. Otherwise each further stream would cost as much again. */
  #refuse(stream: ByteStream, { peerId, disconnect }: StreamSource): void {
    const error = new Error("streams are opened too often");
    stream.abort(error);
    if (this.#isKnown(peerId)) {
      this.#refused += 1;
      return;
    }
    this.onExceeded(peerId, error);
    disconnect(error);
  }
}
