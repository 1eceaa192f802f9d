// A peer that publishes arbitrary messages on the presence topic, written from the protocol description and directly on
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

export interface ReceivedPresence {
  /** The signer. */
  readonly from: string;
  readonly message: Record<string, unknown>;
}

export interface GossipPeer {
  readonly peerId: string;
  readonly address: string;
  readonly received: readonly ReceivedPresence[];
  /** The first message that matches, whether it has arrived or is still to arrive. */
  untilReceived(matches: (presence: ReceivedPresence) => boolean): Promise<ReceivedPresence>;
  dial(address: string): Promise<void>;
  /** Publishes to all subscribers. Waits until there is one. */
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
  readonly received: ReceivedPresence[] = [];
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
      this.received.push({ from: detail.from.toString(), message });
      this.#checkWaiting();
    });
  }

  async untilReceived(matches: (presence: ReceivedPresence) => boolean): Promise<ReceivedPresence> {
    await this.#until(() => this.received.some(matches));
    const found = this.received.find(matches);
    if (!found) throw new Error("unreachable");
    return found;
  }

  async dial(address: string): Promise<void> {
    await this.#libp2p.dial(multiaddr(address));
  }

  publish(message: unknown): Promise<void> {
    return this.publishBytes(new TextEncoder().encode(JSON.stringify(message)));
  }

  async publishBytes(bytes: Uint8Array): Promise<void> {
    // A subscriber is known before its stream is open. Messages published then are lost, and no event reports the stream.
    for (;;) {
      const { recipients } = await this.#libp2p.services.gossip.publish(TOPIC, bytes);
      if (recipients.length > 0) return;
      await poll(5);
    }
  }

  async stop(): Promise<void> {
    await this.#libp2p.stop();
  }

  #checkWaiting(): void {
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
