// Manages the contacts: adds peers that were configured or discovered or that sent a signal, dials them, and fetches
// their labels.

import type { Contact } from "../../../rpc-schema/index.ts";
import { errorText } from "../../common/error-text.ts";
import type { Log } from "../../log.ts";
import { LABEL_PROTOCOL, requestLabel } from "../goop-wire/label-protocol.ts";
import type { PeerAddress, SignallingNode } from "../node.ts";
import type { Timings } from "../timings.ts";
import { Dialer } from "./dialer.ts";
import { KnownPeers, type Origin } from "./known-peers.ts";

interface ContactManagerOptions {
  onContacts(contacts: Contact[]): void;
  /** See Signalling.isKnown. */
  isKnown(peerId: string): boolean;
  /** A contact connected, or a connected peer became a contact. */
  onContactConnected(peerId: string): void;
  /** Aborts when signalling closes. */
  readonly closing: AbortSignal;
  readonly timings: Timings;
  readonly log: Log;
}

/** Can be used before the node runs. Peers that are added early are dialled from `start` on. Ends with `closing`. */
export class ContactManager {
  readonly peers: KnownPeers;
  readonly #options: ContactManagerOptions;
  readonly #dialer: Dialer;
  #node: SignallingNode | undefined;

  constructor(options: ContactManagerOptions) {
    this.#options = options;
    this.peers = new KnownPeers(
      (contacts) => options.onContacts(contacts),
      (peerId) => options.isKnown(peerId),
    );
    this.#dialer = new Dialer({
      connect: (peerId, signal) => this.#running().connect(this.peers.address(peerId), signal),
      isConnected: (peerId) => this.#isConnected(peerId),
      isGiven: (peerId) => this.peers.isGiven(peerId),
      isKnown: (peerId) => options.isKnown(peerId),
      closing: options.closing,
      timings: options.timings,
      log: options.log,
    });
  }

  /** Dials the peers that were added before, and from now on each new one. */
  start(node: SignallingNode): void {
    this.#node = node;
    for (const { peerId } of this.peers.all()) this.#dialer.reach(peerId);
  }

  /** @returns false if the list is full, or if the peer is ourselves */
  add(peer: PeerAddress, origin: Origin): boolean {
    if (this.#options.closing.aborted || peer.peerId === this.#node?.peerId) return false;
    const isNew = !this.peers.has(peer.peerId);
    const isConnected = this.#isConnected(peer.peerId);
    const isAdded = this.peers.add(peer, origin, isConnected);
    if (isAdded && this.#node) this.#dialer.reach(peer.peerId);
    if (isAdded && isNew && isConnected) this.#options.onContactConnected(peer.peerId);
    return isAdded;
  }

  /** A stranger that connects does not become a contact. Only its signal makes it one. */
  onConnected(peerId: string): void {
    if (!this.peers.has(peerId)) return;
    this.peers.setReachable(peerId, true);
    void this.fetchLabel(peerId);
    this.#options.onContactConnected(peerId);
  }

  /** Dials again at once, then with increasing pauses. */
  onDisconnected(peerId: string): void {
    if (!this.peers.has(peerId)) return;
    this.peers.setReachable(peerId, false);
    this.#dialer.reach(peerId);
  }

  /** The peer announced that it leaves, or its presence expired. An open connection overrides both. */
  onGone(peerId: string): void {
    this.peers.setReachable(peerId, this.#isConnected(peerId));
  }

  /** Adds the addresses of a contact. A stranger does not become a contact. */
  onIdentified(peer: PeerAddress): void {
    if (this.peers.has(peer.peerId)) this.add(peer, "caller");
  }

  /** Makes a stranger that sent a signal a contact, and fetches its addresses and label. */
  async addCaller(peerId: string): Promise<void> {
    if (!this.add({ peerId, addresses: [] }, "caller")) return;
    try {
      this.add(await this.#running().knownAddresses(peerId, this.#options.closing), "caller");
    } catch (error) {
      this.#options.log("debug", `the addresses of ${peerId} are unknown: ${errorText(error)}`);
    }
    await this.fetchLabel(peerId);
  }

  /** Never rejects, since a contact needs no label. */
  async fetchLabel(peerId: string): Promise<void> {
    const { timings, closing, log } = this.#options;
    const open = (signal: AbortSignal) =>
      this.#running().openStream(this.peers.address(peerId), LABEL_PROTOCOL, signal);
    try {
      this.peers.describe(peerId, { label: await requestLabel(open, timings, closing) });
    } catch (error) {
      log("debug", `the label of ${peerId} is unknown: ${errorText(error)}`);
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
