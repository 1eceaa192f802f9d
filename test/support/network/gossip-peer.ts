// A peer that publishes whatever it is told on the presence topic, written from the protocol's description and straight on
// libp2p. It must not import the plugin.

import { setTimeout as poll } from "node:timers/promises";
import { type GossipSub, gossipsub } from "@libp2p/gossipsub";
import { identify } from "@libp2p/identify";
import { noise } from "@libp2p/noise";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p, type Libp2p } from "libp2p";

const TOPIC = "goop.presence.v1";

export interface HeardPresence {
  /** Who signed it. */
  readonly from: string;
  readonly message: Record<string, unknown>;
}

export interface GossipPeer {
  readonly peerId: string;
  readonly address: string;
  readonly heard: readonly HeardPresence[];
  /** The first that the test accepts, heard already or to come. */
  untilHeard(accepts: (heard: HeardPresence) => boolean): Promise<HeardPresence>;
  dial(address: string): Promise<void>;
  /** To whoever listens; waits until somebody does. */
  publish(message: unknown): Promise<void>;
  publishBytes(bytes: Uint8Array): Promise<void>;
  stop(): Promise<void>;
}

/** Listens on loopback. */
export async function startGossipPeer(): Promise<GossipPeer> {
  const libp2p = await createLibp2p({
    addresses: { listen: ["/ip4/127.0.0.1/tcp/0"] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify(), gossip: gossipsub({ allowPublishToZeroTopicPeers: true }) },
  });
  return new Peer(libp2p);
}

class Peer implements GossipPeer {
  readonly heard: HeardPresence[] = [];
  readonly peerId: string;
  readonly address: string;
  readonly #libp2p: Libp2p<{ gossip: GossipSub }>;
  readonly #waiting = new Set<() => void>();

  constructor(libp2p: Libp2p<{ gossip: GossipSub }>) {
    this.#libp2p = libp2p;
    this.peerId = libp2p.peerId.toString();
    this.address = String(libp2p.getMultiaddrs()[0]);
    const { gossip } = libp2p.services;
    gossip.subscribe(TOPIC);
    gossip.addEventListener("message", ({ detail }) => {
      if (detail.type !== "signed") return;
      const message = JSON.parse(new TextDecoder().decode(detail.data));
      this.heard.push({ from: detail.from.toString(), message });
      this.#look();
    });
  }

  async untilHeard(accepts: (heard: HeardPresence) => boolean): Promise<HeardPresence> {
    await this.#until(() => this.heard.some(accepts));
    const found = this.heard.find(accepts);
    if (!found) throw new Error("heard and lost");
    return found;
  }

  async dial(address: string): Promise<void> {
    await this.#libp2p.dial(multiaddr(address));
  }

  publish(message: unknown): Promise<void> {
    return this.publishBytes(new TextEncoder().encode(JSON.stringify(message)));
  }

  async publishBytes(bytes: Uint8Array): Promise<void> {
    // A subscriber is known before the stream to it is open, of which no event tells; what is published then is lost.
    for (;;) {
      const { recipients } = await this.#libp2p.services.gossip.publish(TOPIC, bytes);
      if (recipients.length > 0) return;
      await poll(5);
    }
  }

  async stop(): Promise<void> {
    await this.#libp2p.stop();
  }

  #look(): void {
    for (const check of this.#waiting) check();
  }

  #until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if (!holds()) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }
}
