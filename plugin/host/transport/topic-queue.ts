// In which order messages leave: those of one topic to one peer one after the other. A hang-up takes the place of all that
// still wait, since a request that is sent after it would ring for nothing; for the one under way it waits.

import type { TransportMessage } from "./host-transport.ts";

/** Far above the plugin's own bound for one call, which waits for the answers. */
const MAX_WAITING = 1_024;

interface Waiting {
  readonly message: TransportMessage;
  readonly done: PromiseWithResolvers<void>;
}

export class TopicQueue {
  readonly #send: (message: TransportMessage) => Promise<void>;
  readonly #lanes = new Map<string, Waiting[]>();
  #waiting = 0;

  /** @param send must end by itself */
  constructor(send: (message: TransportMessage) => Promise<void>) {
    this.#send = send;
  }

  /** @throws what sending threw; Error when it is overtaken by a hang-up, or when too many wait */
  add(message: TransportMessage): Promise<void> {
    if (this.#waiting >= MAX_WAITING && !isHangup(message)) {
      return Promise.reject(new Error(`${this.#waiting} messages wait already`));
    }
    const key = `${message.peerId} ${message.topic}`;
    const lane = this.#lanes.get(key);
    const done = Promise.withResolvers<void>();
    const entry = { message, done };
    this.#waiting += 1;
    if (lane) {
      if (isHangup(message)) this.#overtake(lane);
      lane.push(entry);
    } else {
      this.#lanes.set(key, [entry]);
      void this.#run(key, entry);
    }
    return done.promise;
  }

  /** The head of a lane is under way. */
  async #run(key: string, entry: Waiting): Promise<void> {
    await this.#send(entry.message).then(entry.done.resolve, entry.done.reject);
    this.#waiting -= 1;
    const lane = this.#lanes.get(key);
    lane?.shift();
    const next = lane?.[0];
    if (next) void this.#run(key, next);
    else this.#lanes.delete(key);
  }

  #overtake(lane: Waiting[]): void {
    const overtaken = lane.splice(1);
    this.#waiting -= overtaken.length;
    for (const { done } of overtaken) done.reject(new Error("the call was hung up"));
  }
}

export function isHangup({ payload }: TransportMessage): boolean {
  return payload.type === "call-hangup";
}
