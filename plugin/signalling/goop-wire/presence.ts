// Says that we are here, again and again, and hears who else is. What a peer's presence means for the contacts is decided
// by whoever listens.

import { withDeadline } from "../../common/deadline.ts";
import { errorText } from "../../common/error-text.ts";
import type { Log } from "../../log.ts";
import { PeerPacer } from "../contacts/peer-pacer.ts";
import type { Timings } from "../timings.ts";
import { encodePresence, isWorthTelling, type PeerPresence, parsePresence } from "./presence-message.ts";
import { type PresenceVerdict, PresentPeers } from "./present-peers.ts";

/** Sayings again for a listener that has come so lately that its stream is not there yet. */
const MAX_REPEATS = 8;

/** What we say of ourselves; addresses may end in our own /p2p/<peer id>. */
export type OwnPresence = Pick<PeerPresence, "peerId" | "label" | "videoDisabled" | "addresses">;

export interface PresenceOptions {
  /** False when somebody who listens could not be sent it yet. */
  publish(bytes: Uint8Array): Promise<boolean>;
  /** As it stands now. */
  own(): OwnPresence;
  isContact(peerId: string): boolean;
  /** A peer said who it is; its addresses are those worth trying. */
  onPresent(presence: PeerPresence): void;
  /** It said that it leaves, or was not heard for too long. */
  onGone(peerId: string): void;
  /** It has been gone for so long that it need not be listed. */
  onForgotten(peerId: string): void;
  readonly closing: AbortSignal;
  readonly timings: Timings;
  readonly log: Log;
}

/** Messages that were dropped and not passed on, by why. */
export type DroppedPresence = Record<"malformed" | "forged" | Exclude<PresenceVerdict, "accepted">, number>;

/** Silent until `start`. */
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
      what: "telling our presence to",
      work: async () => this.#tell(),
      pauseMs: timings.presencePauseMs,
      closing: options.closing,
      log: options.log,
    });
  }

  get dropped(): Readonly<DroppedPresence> {
    return { ...this.#dropped };
  }

  /** How many peers are remembered. */
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

  /** Now, or in a moment when we have just spoken: something changed, or somebody new listens. */
  announce(): void {
    this.#repeatsLeft = MAX_REPEATS;
    this.#pacer.want("everybody");
  }

  /** `from` is the signer. False: the message is to be dropped, and not passed on. */
  take(from: string, bytes: Uint8Array): boolean {
    const presence = parsePresence(bytes);
    if (!presence) return this.#drop("malformed", from);
    if (presence.peerId !== from) return this.#drop("forged", from);
    const isHere = presence.type !== "offline";
    const verdict = this.#peers.record(from, presence.sentAtMs, isHere);
    if (verdict !== "accepted") return this.#drop(verdict, from);
    if (isHere) {
      const addresses = presence.addresses.filter(isWorthTelling);
      this.#options.onPresent({ ...presence, addresses });
    } else {
      this.#options.onGone(from);
    }
    return true;
  }

  /** Says goodbye, within `farewellMs`. Never rejects. */
  async close(): Promise<void> {
    if (this.#timers.length === 0) return;
    for (const timer of this.#timers) clearInterval(timer);
    const { publish, timings, log } = this.#options;
    await withDeadline(timings.farewellMs, undefined, "saying goodbye", async () =>
      publish(this.#encode("offline", [])),
    ).catch((error: unknown) => log("debug", `no goodbye: ${errorText(error)}`));
  }

  async #tell(): Promise<void> {
    const type = this.#type;
    this.#type = "update";
    const { own, publish } = this.#options;
    const { peerId, addresses } = own();
    const suffix = `/p2p/${peerId}`;
    const told = addresses
      .filter(isWorthTelling)
      .map((text) => (text.endsWith(suffix) ? text.slice(0, -suffix.length) : text));
    if (await publish(this.#encode(type, told))) this.#repeatsLeft = MAX_REPEATS;
    else if (this.#repeatsLeft > 0) {
      this.#repeatsLeft -= 1;
      this.#pacer.want("everybody");
    }
  }

  #encode(type: PeerPresence["type"], addresses: readonly string[]): Uint8Array {
    const own = { ...this.#options.own(), addresses };
    return encodePresence({ ...own, type, encryptionSupported: true, sentAtMs: Date.now() });
  }

  #drop(why: keyof DroppedPresence, from: string): false {
    this.#dropped[why] += 1;
    this.#options.log("debug", `presence of ${from} dropped: ${why}`);
    return false;
  }
}
