// One gossipsub topic. Messages are signed when published, and unsigned messages are dropped.

import {
  type GossipSub,
  type GossipSubComponents,
  gossipsub,
  type Message,
  TopicValidatorResult,
} from "@libp2p/gossipsub";
import type { GossipOptions } from "../node.ts";
import { MAX_GOSSIP_BYTES } from "../timings.ts";

/** Duplicates are detected within this time. It is shorter than the library's default, to limit memory during a flood. */
const SEEN_MS = 30_000;

/** Below the library's graylist threshold of -80, also before its weight is applied. */
const UNHEARD_SCORE = -1_000;

/** A neighbour below the threshold may not return sooner with a new score. */
const RETAINED_MS = 60_000;

export interface Gossip {
  /** Creates the libp2p service. */
  create(components: GossipSubComponents): GossipSub;
  /** Call this once the node runs. */
  join(): void;
  /** @returns true if all connected subscribers have a stream; a new subscriber may not have one yet */
  publish(bytes: Uint8Array): Promise<boolean>;
}

export function createGossip({ topic, budget, onMessage, onSubscribed }: GossipOptions): Gossip {
  let service: GossipSub | undefined;
  // Ignore drops a message without a penalty for its sender, since peers forward messages that we would drop.
  const validate = (neighbour: string, message: Message) =>
    budget.take(neighbour) && message.type === "signed" && onMessage(message.from.toString(), message.data)
      ? TopicValidatorResult.Accept
      : TopicValidatorResult.Ignore;
  return {
    create(components) {
      service = gossipsub({
        allowPublishToZeroTopicPeers: true,
        fallbackToFloodsub: true,
        allowedTopics: [topic],
        // Go's gossip keeps no scores. This score would exclude the fifteenth peer behind one IP address, such as a relay's.
        scoreParams: {
          IPColocationFactorWeight: 0,
          // The scores of peers that left, which cost memory, as identities cost nothing.
          retainScore: RETAINED_MS,
          // The library reads no message of a neighbour below its graylist threshold.
          appSpecificScore: (neighbour) => (budget.isUsedUp(neighbour) ? UNHEARD_SCORE : 0),
        },
        maxInboundDataLength: MAX_GOSSIP_BYTES,
        seenTTL: SEEN_MS,
      })(components);
      service.topicValidators.set(topic, (neighbour, message) => validate(neighbour.toString(), message));
      service.addEventListener("subscription-change", ({ detail }) => {
        if (detail.subscriptions.some((one) => one.subscribe)) onSubscribed(detail.peerId.toString());
      });
      return service;
    },
    join: () => service?.subscribe(topic),
    async publish(bytes) {
      if (!service) throw new Error("gossip has not started");
      const { recipients } = await service.publish(topic, bytes);
      return recipients.length >= service.getSubscribers(topic).length;
    },
  };
}
