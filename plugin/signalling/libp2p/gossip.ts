// One gossipsub topic: what is published there is signed, and only what is signed comes in. Knows no message.

import {
  type GossipSub,
  type GossipSubComponents,
  gossipsub,
  type Message,
  TopicValidatorResult,
} from "@libp2p/gossipsub";
import type { GossipOptions } from "../node.ts";
import { MAX_GOSSIP_BYTES } from "../timings.ts";

/** A message is not taken twice within this time; a shorter one than the library's bounds what a flood leaves behind. */
const SEEN_MS = 30_000;

export interface Gossip {
  /** As a libp2p service. */
  create(components: GossipSubComponents): GossipSub;
  /** Once the node runs. */
  join(): void;
  /** True when it was handed to the streams of all connected subscribers; one that has just come may have none yet. */
  publish(bytes: Uint8Array): Promise<boolean>;
}

export function createGossip({ topic, onMessage, onSubscribed }: GossipOptions): Gossip {
  let service: GossipSub | undefined;
  // What is dropped is not passed on either, yet nobody is blamed: peers pass on what we would not.
  const validate = (message: Message) =>
    message.type === "signed" && onMessage(message.from.toString(), message.data)
      ? TopicValidatorResult.Accept
      : TopicValidatorResult.Ignore;
  return {
    create(components) {
      service = gossipsub({
        allowPublishToZeroTopicPeers: true,
        fallbackToFloodsub: true,
        allowedTopics: [topic],
        // Go's gossip keeps no scores; this one would shut out the fifteenth peer behind one address, as relayed ones are.
        scoreParams: { IPColocationFactorWeight: 0 },
        maxInboundDataLength: MAX_GOSSIP_BYTES,
        seenTTL: SEEN_MS,
      })(components);
      service.topicValidators.set(topic, (_, message) => validate(message));
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
