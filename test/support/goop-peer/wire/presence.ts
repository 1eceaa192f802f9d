// Who is here: `goop.presence.v1` over gossip [4]. The signer is not compared with the peerId, since the host does not.

import type { GossipSub } from "@libp2p/gossipsub";
import type { PeerTable } from "../peer-table.ts";
import { isRecord, PRESENCE_TIMINGS, PRESENCE_TOPIC, type PresenceMessage } from "./wire.ts";

export interface PresenceOptions {
  readonly peerId: string;
  readonly heartbeatMs?: number | undefined;
  /** What is said of us at this moment. */
  readonly describe: () => Omit<PresenceMessage, "type" | "peerId" | "ts">;
  readonly onOnline: (peerId: string) => Promise<unknown>;
}

export class Presence {
  /** What came, as it came. */
  readonly received: { readonly signer: string; readonly message: PresenceMessage }[] = [];
  readonly #pubsub: GossipSub;
  readonly #table: PeerTable;
  readonly #options: PresenceOptions;
  #timers: NodeJS.Timeout[] = [];

  constructor(pubsub: GossipSub, table: PeerTable, options: PresenceOptions) {
    this.#pubsub = pubsub;
    this.#table = table;
    this.#options = options;
  }

  async begin(): Promise<void> {
    this.#pubsub.addEventListener("message", ({ detail }) => {
      if (detail.topic !== PRESENCE_TOPIC) return;
      const signer = detail.type === "signed" ? detail.from.toString() : "";
      this.#hear(signer, JSON.parse(new TextDecoder().decode(detail.data)));
    });
    this.#pubsub.subscribe(PRESENCE_TOPIC);
    await this.publish("online");
    const beat = () => void this.publish("update");
    this.#timers = [
      setInterval(beat, this.#options.heartbeatMs ?? PRESENCE_TIMINGS.heartbeatMs),
      setInterval(() => this.#table.prune(PRESENCE_TIMINGS.ttlMs), PRESENCE_TIMINGS.pruneMs),
    ];
  }

  /** `offline` carries nothing else; empty and false are left out [4.2]. */
  async publish(type: PresenceMessage["type"]): Promise<void> {
    const said = type === "offline" ? {} : this.#options.describe();
    const kept = Object.fromEntries(
      Object.entries(said).filter(([, value]) => value !== "" && value !== false),
    );
    const message: PresenceMessage = { type, peerId: this.#options.peerId, ...kept, ts: Date.now() };
    await this.#pubsub.publish(PRESENCE_TOPIC, new TextEncoder().encode(JSON.stringify(message)));
  }

  async end(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.publish("offline");
  }

  #hear(signer: string, message: unknown): void {
    if (!isRecord(message) || typeof message.peerId !== "string") return;
    const presence = message as unknown as PresenceMessage;
    this.received.push({ signer, message: presence });
    if (presence.peerId === this.#options.peerId) return;
    if (presence.type === "offline") {
      this.#table.change(presence.peerId, { offline: true });
      return;
    }
    const wasReachable = this.#table.find(presence.peerId)?.reachable ?? false;
    const { content, videoDisabled, encryptionSupported, addrs } = presence;
    this.#table.learn(presence.peerId, { content, videoDisabled, encryptionSupported, addrs });
    if (presence.type === "online" || !wasReachable) void this.#options.onOnline(presence.peerId);
  }
}
