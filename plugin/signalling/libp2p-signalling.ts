// Signalling over the plugin's own libp2p node. Creates the parts, starts them and closes them.

import type { Contact, Signal } from "../../rpc-schema/index.ts";
import { BoundedMap } from "../common/bounded-map.ts";
import { withDeadline } from "../common/deadline.ts";
import { errorText } from "../common/error-text.ts";
import type { RefusalCounts } from "../common/refusals.ts";
import { TokenBucket } from "../common/token-bucket.ts";
import type { Log } from "../log.ts";
import { AddressMonitor } from "./discovery/address-monitor.ts";
import { type Keyring, openKeyring } from "./encryption/keyring.ts";
import { MQ_PROTOCOL } from "./goop-wire/goop-mq.ts";
import type { OwnIdentity } from "./goop-wire/identity.ts";
import { LABEL_PROTOCOL, serveLabel } from "./goop-wire/label-protocol.ts";
import type { DroppedPresence } from "./goop-wire/presence.ts";
import { PRESENCE_TOPIC } from "./goop-wire/presence-message.ts";
import { listenFailureText } from "./libp2p/listen-failure.ts";
import { Admission } from "./limits/admission.ts";
import type { NodeOptions, PeerAddress, SignallingNode, StreamHandler } from "./node.ts";
import {
  isUsersChoice,
  type OwnAvailability,
  type SelfAddress,
  type Signalling,
  type SignallingCallbacks,
  SignallingError,
} from "./port.ts";
import type { IgnoredCounts } from "./signal-inbox.ts";
import { createParts, type SignallingParts } from "./signalling-parts.ts";
import { BURST_OF_STRANGERS, defaultTimings, STRANGERS_PER_SECOND, type Timings } from "./timings.ts";

/** Peers in a call are few; the others' entries are of no use. */
const MAX_LAST_IPS = 64;

interface Libp2pSignallingOptions {
  /** The display name that peers see. */
  readonly label: string;
  /** Without a file, the key and thus the identity last as long as the process. */
  readonly privateKeyFile?: string | undefined;
  /** Multiaddrs. Port 0 takes a free port. */
  readonly listen: readonly string[];
  /** Peers to dial from the start, each multiaddr ending in /p2p/<id>. */
  readonly peers: readonly string[];
  readonly mdns: boolean;
  /** Whether to publish our presence and to receive that of others. Without it, only mDNS and `peers` find peers. */
  readonly presence?: boolean;
  /** Circuit relays through which peers reach us, each multiaddr ending in /p2p/<id>. */
  readonly relays?: readonly string[];
  readonly log: Log;
  readonly timings?: Partial<Timings>;
}

/** Figures for tests and for the log. */
interface SignallingDiagnostics {
  readonly openStreams: number;
  readonly connections: { readonly direct: number; readonly relayed: number };
  readonly pendingSends: number;
  /** Incoming streams that were reset because they were malformed, too slow or too many. */
  readonly refusedStreams: number;
  /** Connections that were refused because there were too many. */
  readonly refusedConnections: number;
  /** The number of acknowledged messages that were then ignored, by reason. */
  readonly ignored: Readonly<IgnoredCounts>;
  /** The number of peers that announced their presence, and of dropped presence messages by reason. */
  readonly presence: Readonly<DroppedPresence> & { readonly peers: number };
}

export interface Libp2pSignalling extends Signalling {
  diagnostics(): SignallingDiagnostics;
}

/** Opens nothing before `start`. */
export function createLibp2pSignalling(
  options: Libp2pSignallingOptions,
  callbacks: SignallingCallbacks,
): Libp2pSignalling {
  return new NodeSignalling(options, callbacks);
}

class NodeSignalling implements Libp2pSignalling {
  readonly #options: Libp2pSignallingOptions;
  readonly #callbacks: SignallingCallbacks;
  readonly #timings: Timings;
  readonly #log: Log;
  readonly #closing = new AbortController();
  readonly #admission: Admission;
  readonly #parts: SignallingParts;
  readonly #strangers = new TokenBucket(BURST_OF_STRANGERS, STRANGERS_PER_SECOND);
  /** The peers' ends of their last connections. A call goes on while a connection is replaced. */
  readonly #lastIps = new BoundedMap<string, readonly string[]>(MAX_LAST_IPS);
  #availability: OwnAvailability = { videoDisabled: false };
  #keyring: Keyring | undefined;
  #node: SignallingNode | undefined;
  #starting: Promise<SelfAddress> | undefined;
  #stopped: Promise<void> | undefined;
  #addresses: AddressMonitor | undefined;

  constructor(options: Libp2pSignallingOptions, callbacks: SignallingCallbacks) {
    this.#options = options;
    this.#callbacks = callbacks;
    this.#log = options.log;
    this.#timings = { ...defaultTimings, ...options.timings };
    this.#admission = new Admission({ isKnown: (peerId) => this.isKnown(peerId), log: options.log });
    this.#parts = createParts({
      onSignal: (...signal) => this.#runCallback(() => callbacks.onSignal(...signal)),
      onContacts: (contacts) => this.#runCallback(() => callbacks.onContacts(contacts)),
      isKnown: (peerId) => this.isKnown(peerId),
      node: () => this.#running(),
      keys: () => this.#keys(),
      self: () => this.#self(),
      addresses: () => this.#addresses?.self.addresses ?? [],
      publish: async (bytes) => this.#started().publish(bytes),
      closing: this.#closing.signal,
      timings: this.#timings,
      log: options.log,
    });
  }

  start(): Promise<SelfAddress> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  async send(peerId: string, callId: string, signal: Signal, abort?: AbortSignal): Promise<void> {
    this.#running();
    if (isUsersChoice(signal)) this.#keys().peers.choose(peerId);
    return this.#parts.requests.send(peerId, callId, signal, abort);
  }

  addressesOf(peerId: string): readonly string[] {
    const now = this.#node?.remoteIps(peerId) ?? [];
    if (now.length > 0) this.#lastIps.set(peerId, now);
    return this.#lastIps.get(peerId) ?? [];
  }

  contacts(): Contact[] {
    return this.#parts.contacts.peers.all();
  }

  isKnown(peerId: string): boolean {
    return this.#parts.contacts.peers.isGiven(peerId) || (this.#keyring?.peers.isChosen(peerId) ?? false);
  }

  async addContact(address: string, abort?: AbortSignal): Promise<Contact> {
    const node = this.#running();
    const peer = this.#parse(node, address);
    const signal = abort ? AbortSignal.any([abort, this.#closing.signal]) : this.#closing.signal;
    try {
      await withDeadline(this.#timings.dialMs, signal, "the dial", (limit) => node.connect(peer, limit));
    } catch (error) {
      this.#running();
      if (abort?.aborted)
        throw new SignallingError("aborted", `the caller stopped dialling ${address}`, error);
      throw new SignallingError("unreachable", `cannot reach ${address}: ${errorText(error)}`, error);
    }
    this.#parts.contacts.add(peer, "given");
    await this.#parts.contacts.fetchLabel(peer.peerId);
    const contact = this.#parts.contacts.peers.get(peer.peerId);
    if (contact) return contact;
    throw new SignallingError("unreachable", `the list of contacts is full, so ${address} was not added`);
  }

  setAvailability(availability: OwnAvailability): void {
    const isChange = availability.videoDisabled !== this.#availability.videoDisabled;
    this.#availability = availability;
    if (!isChange) return;
    this.#parts.presence.announce();
    // Also to peers that are not our contacts, since we may be a contact of theirs.
    for (const peerId of this.#node?.connectedPeers() ?? []) this.#parts.identities.sendIdentity(peerId);
  }

  close(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  diagnostics(): SignallingDiagnostics {
    return {
      openStreams: this.#node?.openStreams() ?? 0,
      connections: this.#node?.connections() ?? { direct: 0, relayed: 0 },
      pendingSends: this.#parts.lanes.pending,
      refusedStreams: this.#parts.receiver.refused + this.#admission.refusedStreams,
      refusedConnections: this.#admission.connections.refused,
      ignored: this.#parts.inbox.ignored,
      presence: { ...this.#parts.presence.dropped, peers: this.#parts.presence.size },
    };
  }

  refusals(): RefusalCounts {
    const { refusedConnections, refusedStreams, ignored, presence } = this.diagnostics();
    return {
      connection: refusedConnections,
      stream: refusedStreams,
      announcement: presence.malformed + presence.tooMany + this.#admission.gossip.dropped,
      forgery: presence.forged,
      message: ignored.badCallId + ignored.unknownSignal + ignored.badIdentity + ignored.undecryptable,
    };
  }

  async #start(): Promise<SelfAddress> {
    this.#throwIfClosing();
    this.#keyring = await openKeyring({
      ...this.#timings,
      privateKeyFile: this.#options.privateKeyFile,
      isContact: (peerId) => this.#parts.contacts.peers.has(peerId),
      log: this.#log,
    });
    const { startLibp2pNode } = await import("./libp2p/libp2p-node.ts");
    let node: SignallingNode;
    try {
      node = await startLibp2pNode(this.#nodeOptions(this.#keyring.identity));
    } catch (error) {
      throw new SignallingError(
        "startFailed",
        `the node cannot start with the setting signalling.listen: ${listenFailureText(error, this.#options.listen)}`,
        error,
      );
    }
    this.#node = node;
    this.#throwIfClosing();
    this.#parts.contacts.start(node);
    for (const address of this.#options.peers) this.#addGiven(node, address);
    this.#addresses = new AddressMonitor({
      node,
      checkMs: this.#timings.addressCheckMs,
      onChange: (self) => this.#onOwnAddresses(self),
      onNetworkChange: () => void node.endDeadConnections(this.#timings.deadConnectionMs),
    });
    if (this.#options.presence) this.#parts.presence.start();
    return this.#addresses.self;
  }

  #nodeOptions(key: Uint8Array): NodeOptions {
    const { listen, mdns, label, presence, relays = [], log } = this.#options;
    const parts = this.#parts;
    const timings = this.#timings;
    const handlers = new Map<string, StreamHandler>([
      [MQ_PROTOCOL, this.#admission.limited((...stream) => parts.receiver.accept(...stream))],
      [LABEL_PROTOCOL, this.#admission.limited((stream) => serveLabel(stream, label, timings, log))],
    ]);
    const events = {
      onConnected: (peerId: string) => {
        parts.proofs.forget(peerId);
        parts.requests.onPeerStarted(peerId);
        parts.lost.onConnected(peerId);
        parts.contacts.onConnected(peerId);
      },
      onConnectedAgain: (peerId: string) => {
        parts.onPeerStarted(peerId);
        parts.lost.onConnected(peerId);
      },
      onDisconnected: (peerId: string) => {
        parts.proofs.forget(peerId);
        parts.requests.onPeerGone(peerId);
        parts.contacts.onDisconnected(peerId);
      },
      onFound: (peer: PeerAddress) => this.#onFound(peer),
      onIdentified: (peer: PeerAddress) => parts.contacts.onIdentified(peer),
      onAddressesChanged: () => this.#addresses?.check(),
    };
    const gossip = {
      topic: PRESENCE_TOPIC,
      budget: this.#admission.gossip,
      onMessage: (from: string, bytes: Uint8Array) => parts.presence.receive(from, bytes),
      onSubscribed: () => parts.presence.announce(),
    };
    return {
      ...{ key, listen, mdns, handlers, events, log, stopMs: timings.stopMs },
      connections: this.#admission.connections,
      frames: this.#admission.frames,
      isKnown: (peerId) => this.isKnown(peerId),
      onExceeded: (peerId, error) => this.#admission.onExceeded(peerId, error),
      ...(presence ? { gossip } : {}),
      ...(relays.length > 0
        ? { relays: { addresses: relays, dialMs: timings.dialMs, checkMs: timings.relayCheckMs } }
        : {}),
    };
  }

  /** Rate-limited, since any machine on the local network can send mDNS answers. */
  #onFound(peer: PeerAddress): void {
    const { contacts } = this.#parts;
    if (contacts.peers.has(peer.peerId) || this.#strangers.take()) contacts.add(peer, "found");
  }

  #onOwnAddresses(self: SelfAddress): void {
    this.#parts.presence.announce();
    this.#runCallback(() => this.#callbacks.onAddressChange(self));
  }

  /** An invalid address must not prevent the others from being dialled. */
  #addGiven(node: SignallingNode, address: string): void {
    try {
      this.#parts.contacts.add(this.#parse(node, address), "given");
    } catch (error) {
      this.#log("warn", `peer ignored: ${errorText(error)}`);
    }
  }

  #self(): OwnIdentity {
    const { peerId } = this.#started();
    const { videoDisabled } = this.#availability;
    const { publicKey } = this.#keys().sealing;
    return { peerId, label: this.#options.label || peerId.slice(-8), videoDisabled, publicKey };
  }

  /** @throws SignallingError closed before start */
  #keys(): Keyring {
    if (!this.#keyring) throw new SignallingError("closed", "signalling has not started");
    return this.#keyring;
  }

  async #stop(): Promise<void> {
    this.#closing.abort(new SignallingError("closed", "signalling is closed"));
    this.#parts.requests.close();
    this.#parts.lanes.close();
    // A start in progress notices the closing, and its own caller receives its error.
    await this.#starting?.catch(() => undefined);
    this.#addresses?.close();
    this.#parts.inbox.close();
    await this.#parts.presence.close();
    try {
      await this.#node?.stop();
    } catch (error) {
      this.#log("warn", `the node did not stop cleanly: ${errorText(error)}`);
    }
    await this.#keyring?.close();
  }

  #parse(node: SignallingNode, address: string): PeerAddress {
    let peer: PeerAddress;
    try {
      peer = node.parseAddress(address);
    } catch (error) {
      throw new SignallingError(
        "invalidAddress",
        `address "${address}": ${errorText(error)}; expected a multiaddr ending in /p2p/<peer id>`,
        error,
      );
    }
    if (peer.peerId === node.peerId) {
      throw new SignallingError("invalidAddress", `address "${address}" is our own`);
    }
    return peer;
  }

  /** @throws SignallingError closed before start and after closing */
  #running(): SignallingNode {
    this.#throwIfClosing();
    return this.#started();
  }

  /** @throws SignallingError closed before start */
  #started(): SignallingNode {
    if (!this.#node) throw new SignallingError("closed", "signalling has not started");
    return this.#node;
  }

  #throwIfClosing(): void {
    this.#closing.signal.throwIfAborted();
  }

  /** An exception in a callback must not break a stream or the list of contacts. */
  #runCallback(callback: () => void): void {
    if (this.#closing.signal.aborted) return;
    try {
      callback();
    } catch (error) {
      this.#log("error", `a signalling callback failed: ${errorText(error)}`);
    }
  }
}
