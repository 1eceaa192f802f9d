// Presence: `goop.presence.v1` over gossip [4]. As in Goop², the signer is not compared with the peerId.

import type { GossipSub } from "@libp2p/gossipsub";
import type { PeerTable } from "../peer-table.ts";
import { isRecord, PRESENCE_TIMINGS, PRESENCE_TOPIC, type PresenceMessage } from "./wire.ts";

export interface PresenceOptions {
  readonly peerId: string;
  readonly heartbeatMs?: number | undefined;
  /** Our own presence fields. */
  readonly describe: () => Omit<PresenceMessage, "type" | "peerId" | "ts">;
  readonly onOnline: (peerId: string) => void;
}

export class Presence {
  /** Received messages, unchanged. */
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
      this.#receive(signer, JSON.parse(new TextDecoder().decode(detail.data)));
    });
    this.#pubsub.subscribe(PRESENCE_TOPIC);
    await this.publish("online");
    const beat = () => void this.publish("update");
    this.#timers = [
      setInterval(beat, this.#options.heartbeatMs ?? PRESENCE_TIMINGS.heartbeatMs),
      setInterval(() => this.#table.prune(PRESENCE_TIMINGS.ttlMs), PRESENCE_TIMINGS.pruneMs),
    ];
  }

  /** `offline` has no other fields. Empty and false values are left out [4.2]. */
  async publish(type: PresenceMessage["type"]): Promise<void> {
    const fields = type === "offline" ? {} : this.#options.describe();
    const nonEmpty = Object.fromEntries(
      Object.entries(fields).filter(([, value]) => value !== "" && value !== false),
    );
    const message: PresenceMessage = { type, peerId: this.#options.peerId, ...nonEmpty, ts: Date.now() };
    await this.#pubsub.publish(PRESENCE_TOPIC, new TextEncoder().encode(JSON.stringify(message)));
  }

  async end(): Promise<void> {
    this.cease();
    await this.publish("offline");
  }

  /** Ends without a message, as a killed process does. */
  cease(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  #receive(signer: string, message: unknown): void {
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
    if (presence.type === "online" || !wasReachable) this.#options.onOnline(presence.peerId);
  }
}
