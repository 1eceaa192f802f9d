// The order in which the host sends messages: one at a time for each topic and peer. A hang-up replaces the messages that
// still wait, since a request sent after it would ring for nothing. The message in delivery cannot be cancelled, so the
// hang-up waits for it. The order itself is that of the plugin's own lanes.

import { SendLanes } from "../../signalling/send-lanes.ts";
import type { TransportMessage } from "./host-transport.ts";

/** Far above the plugin's own limit for one call, since the plugin waits for the answers. */
const MAX_WAITING = 1_024;

export class TopicQueue {
  readonly #lanes: SendLanes<TransportMessage["payload"]>;

  /** @param send must settle by itself */
  constructor(send: (message: TransportMessage) => Promise<void>) {
    this.#lanes = new SendLanes((peerId, topic, payload) => send({ peerId, topic, payload }), {
      canCancel: false,
      concurrentCandidates: 0,
      maxPendingPerLane: MAX_WAITING,
      maxPending: MAX_WAITING,
    });
  }

  /** @throws the error of `send`; Error when a hang-up overtakes the message, or when too many messages wait */
  add({ peerId, topic, payload }: TransportMessage): Promise<void> {
    return this.#lanes.send(peerId, topic, payload);
  }
}

export function isHangup({ payload }: TransportMessage): boolean {
  return payload.type === "call-hangup";
}
