// Publishes our presence at regular intervals and receives that of other peers.

import { dateMs } from "../../common/clock.ts";
import { withDeadline } from "../../common/deadline.ts";
import { errorText } from "../../common/error-text.ts";
import type { Log } from "../../log.ts";
import { PeerPacer } from "../contacts/peer-pacer.ts";
import type { Timings } from "../timings.ts";
import { encodePresence, isRoutableAddress, type PeerPresence, parsePresence } from "./presence-message.ts";
import { type PresenceVerdict, PresentPeers } from "./present-peers.ts";

/** How often a message is repeated for a subscriber that is so new that it has no stream yet. */
const MAX_REPEATS = 8;

/** The presence that we announce. Addresses may end in /p2p/<our peer id>. */
type OwnPresence = Pick<PeerPresence, "peerId" | "label" | "videoDisabled" | "addresses">;

export interface PresenceOptions {
  /** @returns false if a connected subscriber could not be reached yet */
  publish(bytes: Uint8Array): Promise<boolean>;
  /** Our current presence. */
  own(): OwnPresence;
  isContact(peerId: string): boolean;
  /** A peer announced that it is online. Its addresses are routable ones. `hasStarted`: it was offline or has just started. */
  onPresent(presence: PeerPresence, hasStarted: boolean): void;
  /** The peer announced that it leaves, or its presence expired. */
  onGone(peerId: string): void;
  /** The peer has been offline for `forgetMs`. */
  onForgotten(peerId: string): void;
  readonly closing: AbortSignal;
  readonly timings: Timings;
  readonly log: Log;
}

/** The number of messages that were neither accepted nor forwarded, by reason. */
export type DroppedPresence = Record<"malformed" | "forged" | Exclude<PresenceVerdict, "accepted">, number>;

/** Publishes nothing before `start`. */
export class Presence {
  readonly #options: PresenceOptions;
  readonly #dropped: DroppedPresence = { malformed: 0, forged: 0, stale: 0, tooMany: 0 };
  readonly #peers: PresentPeers;
  readonly #pacer: PeerPacer;
  readonly #timers: NodeJS.Timeout[] = [];
  #type: "online" | "update" = "online";
  #repeatsLeft = MAX_REPEATS;

  constructor(options: PresenceOptions) {
    this.#options = options;
    const { timings } = options;
    this.#peers = new PresentPeers({
      sweepsOnline: timings.presenceExpiryMs / timings.presenceSweepMs,
      sweepsKnown: timings.forgetMs / timings.presenceSweepMs,
      isContact: (peerId) => options.isContact(peerId),
      onSilent: (peerId) => options.onGone(peerId),
      onForgotten: (peerId) => options.onForgotten(peerId),
    });
    this.#pacer = new PeerPacer({
      what: "publishing our presence on",
      work: async () => this.#publish(),
      pauseMs: timings.presencePauseMs,
      closing: options.closing,
      log: options.log,
    });
  }

  get dropped(): Readonly<DroppedPresence> {
    return { ...this.#dropped };
  }

  /** The number of known peers. */
  get size(): number {
    return this.#peers.size;
  }

  start(): void {
    const { presenceHeartbeatMs, presenceSweepMs } = this.#options.timings;
    this.announce();
    this.#timers.push(
      setInterval(() => this.announce(), presenceHeartbeatMs),
      setInterval(() => this.#peers.sweep(), presenceSweepMs),
    );
  }

  /** Publishes now, or after `presencePauseMs` if we have just published. Call it when something changed. */
  announce(): void {
    this.#repeatsLeft = MAX_REPEATS;
    this.#pacer.schedule("the presence topic");
  }

  /** @param from the signer @returns false to drop the message and not forward it */
  receive(from: string, bytes: Uint8Array): boolean {
    const presence = parsePresence(bytes);
    if (!presence) return this.#drop("malformed", from);
    if (presence.peerId !== from) return this.#drop("forged", from);
    const isOnline = presence.type !== "offline";
    const hasStarted = presence.type === "online" || !this.#peers.isOnline(from);
    const verdict = this.#peers.record(from, presence.sentAtMs, isOnline);
    if (verdict !== "accepted") return this.#drop(verdict, from);
    if (isOnline) {
      const addresses = presence.addresses.filter(isRoutableAddress);
      this.#options.onPresent({ ...presence, addresses }, hasStarted);
    } else {
      this.#options.onGone(from);
    }
    return true;
  }

  /** Publishes an offline message within `goodbyeMs`. Never rejects. */
  async close(): Promise<void> {
    if (this.#timers.length === 0) return;
    for (const timer of this.#timers) clearInterval(timer);
    const { publish, timings, log } = this.#options;
    await withDeadline(timings.goodbyeMs, undefined, "publishing the offline message", async () =>
      publish(this.#encode("offline", [])),
    ).catch((error: unknown) => log("debug", `the offline message was not published: ${errorText(error)}`));
  }

  async #publish(): Promise<void> {
    const type = this.#type;
    this.#type = "update";
    const { own, publish } = this.#options;
    const { peerId, addresses } = own();
    const suffix = `/p2p/${peerId}`;
    const announced = addresses
      .filter(isRoutableAddress)
      .map((text) => (text.endsWith(suffix) ? text.slice(0, -suffix.length) : text));
    if (await publish(this.#encode(type, announced))) this.#repeatsLeft = MAX_REPEATS;
    else if (this.#repeatsLeft > 0) {
      this.#repeatsLeft -= 1;
      this.#pacer.schedule("the presence topic");
    }
  }

  #encode(type: PeerPresence["type"], addresses: readonly string[]): Uint8Array {
    const own = { ...this.#options.own(), addresses };
    return encodePresence({ ...own, type, encryptionSupported: true, sentAtMs: dateMs() });
  }

  #drop(reason: keyof DroppedPresence, from: string): false {
    this.#dropped[reason] += 1;
    this.#options.log("debug", `presence of ${from} dropped: ${reason}`);
    return false;
  }
}
