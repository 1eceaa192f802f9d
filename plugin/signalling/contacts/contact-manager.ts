// Gets to know peers and keeps in touch: who was given, found or called becomes a contact, is dialled, and is asked
// its label. Knows nothing of calls.

import type { Contact } from "../../../rpc-schema/index.ts";
import { errorText } from "../../common/error-text.ts";
import type { Log } from "../../log.ts";
import { askLabel, LABEL_PROTOCOL } from "../goop-wire/label-protocol.ts";
import type { PeerAddress, SignallingNode } from "../node.ts";
import type { Timings } from "../timings.ts";
import { Dialer } from "./dialer.ts";
import { KnownPeers, type Origin } from "./known-peers.ts";

export interface ContactManagerOptions {
  onContacts(contacts: Contact[]): void;
  /** A contact can be talked to: it has just connected, or a connected peer has just become one. */
  onMet(peerId: string): void;
  /** Aborts when signalling closes. */
  readonly closing: AbortSignal;
  readonly timings: Timings;
  readonly log: Log;
}

/** Runs before the node does: peers given or found early are dialled from `use` on. Ends with `closing`. */
export class ContactManager {
  readonly list: KnownPeers;
  readonly #options: ContactManagerOptions;
  readonly #dialer: Dialer;
  #node: SignallingNode | undefined;

  constructor(options: ContactManagerOptions) {
    this.#options = options;
    this.list = new KnownPeers((contacts) => options.onContacts(contacts));
    this.#dialer = new Dialer({
      connect: (peerId, signal) => this.#running().connect(this.list.address(peerId), signal),
      isConnected: (peerId) => this.#isConnected(peerId),
      isGiven: (peerId) => this.list.isGiven(peerId),
      closing: options.closing,
      timings: options.timings,
      log: options.log,
    });
  }

  /** From now on peers can be dialled; those that were found while the node started are. */
  use(node: SignallingNode): void {
    this.#node = node;
    for (const { peerId } of this.list.list()) this.#dialer.want(peerId);
  }

  /** False when the list has no room, or the peer is ourselves. */
  add(peer: PeerAddress, origin: Origin): boolean {
    if (this.#options.closing.aborted || peer.peerId === this.#node?.peerId) return false;
    const isNew = !this.list.has(peer.peerId);
    const isConnected = this.#isConnected(peer.peerId);
    const isNoted = this.list.note(peer, origin, isConnected);
    if (isNoted && this.#node) this.#dialer.want(peer.peerId);
    if (isNoted && isNew && isConnected) this.#options.onMet(peer.peerId);
    return isNoted;
  }

  /** Of a stranger it says nothing: only a signal makes one a contact. Asks the label, without waiting. */
  onConnected(peerId: string): void {
    if (!this.list.has(peerId)) return;
    this.list.setReachable(peerId, true);
    void this.learnLabel(peerId);
    this.#options.onMet(peerId);
  }

  /** Dials again at once, then with growing pauses. */
  onDisconnected(peerId: string): void {
    if (!this.list.has(peerId)) return;
    this.list.setReachable(peerId, false);
    this.#dialer.want(peerId);
  }

  /** A peer said that it leaves, or was not heard for long. A connection that stands says more than that. */
  onGone(peerId: string): void {
    this.list.setReachable(peerId, this.#isConnected(peerId));
  }

  /** Adds the addresses to what is known; unknown peers stay unknown. */
  onIdentified(peer: PeerAddress): void {
    if (this.list.has(peer.peerId)) this.add(peer, "caller");
  }

  /** A peer unknown so far sent a signal: it becomes a contact, and is asked who it is. */
  async meet(peerId: string): Promise<void> {
    if (!this.add({ peerId, addresses: [] }, "caller")) return;
    try {
      this.add(await this.#running().learnAddresses(peerId, this.#options.closing), "caller");
    } catch (error) {
      this.#options.log("debug", `addresses of ${peerId} unknown: ${errorText(error)}`);
    }
    await this.learnLabel(peerId);
  }

  /** Never rejects: a peer without a label is a contact all the same. */
  async learnLabel(peerId: string): Promise<void> {
    const { timings, closing, log } = this.#options;
    const open = (signal: AbortSignal) =>
      this.#running().openStream(this.list.address(peerId), LABEL_PROTOCOL, signal);
    try {
      this.list.describe(peerId, { label: await askLabel(open, timings, closing) });
    } catch (error) {
      log("debug", `label of ${peerId} unknown: ${errorText(error)}`);
    }
  }

  #isConnected(peerId: string): boolean {
    return this.#node?.isConnected(peerId) ?? false;
  }

  #running(): SignallingNode {
    if (!this.#node) throw new Error("the node has not started");
    return this.#node;
  }
}
