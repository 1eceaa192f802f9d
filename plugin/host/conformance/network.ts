// The network of the host under test, which the suite plays.

import { AwaitableQueue } from "./awaitable-queue.ts";

export interface NetworkMessage {
  readonly peerId: string;
  readonly topic: string;
  readonly payload: Record<string, unknown>;
}

/** The network of the host's node, which the suite provides. */
export interface HostNetwork {
  /** Sends a message of the host's node. Resolves when the peer acknowledged it, rejects when the peer is not reached. */
  send(message: NetworkMessage): Promise<void>;
}

/** A network whose peers answer as the test decides. */
export class ScriptedNetwork implements HostNetwork {
  /** In the order in which they left the host. */
  readonly departed: NetworkMessage[] = [];
  /** In the order in which they reached the peers. */
  readonly reached: NetworkMessage[] = [];
  readonly departures: AwaitableQueue<NetworkMessage>;
  readonly arrivals: AwaitableQueue<NetworkMessage>;
  readonly unreachable = new Set<string>();
  readonly #held = new Map<string, Promise<void>>();

  constructor(waitMs?: number) {
    this.departures = new AwaitableQueue(waitMs);
    this.arrivals = new AwaitableQueue(waitMs);
  }

  /** Delays the next message of this topic, and only that one, until the returned function is called. */
  hold(topic: string): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held.set(topic, promise);
    return resolve;
  }

  async send(message: NetworkMessage): Promise<void> {
    this.departed.push(message);
    this.departures.add(message);
    const held = this.#held.get(message.topic);
    this.#held.delete(message.topic);
    await held;
    if (this.unreachable.has(message.peerId)) throw new Error("no such peer");
    this.reached.push(message);
    this.arrivals.add(message);
  }

  next(topic: string): Promise<NetworkMessage> {
    return this.arrivals.take((message) => message.topic === topic, `a message on ${topic}`);
  }

  nextDeparture(topic: string): Promise<NetworkMessage> {
    return this.departures.take((message) => message.topic === topic, `a message that leaves on ${topic}`);
  }
}
