// Signalling over the plugin's own peer-to-peer node: puts the parts together and owns their life. What a signal
// means, and whether its sender is the call's peer, is the desk's to say.

import type { Contact, Signal } from "../../rpc-schema/index.ts";
import type { Log } from "../log.ts";
import { AddressWatch } from "./address-watch.ts";
import { ContactKeeper } from "./contact-keeper.ts";
import { textOf, withDeadline } from "./deadline.ts";
import { MessageStamp, MQ_PROTOCOL } from "./goop-mq.ts";
import { identityPayload, type OwnIdentity } from "./identity.ts";
import { IdentityExchange } from "./identity-exchange.ts";
import { type Ignored, Inbox } from "./inbox.ts";
import { type Keyring, openKeyring } from "./keyring.ts";
import { LABEL_PROTOCOL, serveLabel } from "./label-protocol.ts";
import { MqReceiver } from "./mq-receiver.ts";
import { MqSender } from "./mq-sender.ts";
import type { NodeOptions, PeerAddress, SignallingNode, StartNode, StreamHandler } from "./node.ts";
import {
  type OwnAvailability,
  type SelfAddress,
  type Signalling,
  type SignallingCallbacks,
  SignallingError,
} from "./port.ts";
import { SendLanes } from "./send-lanes.ts";
import { defaultTimings, type Timings } from "./timings.ts";
import { topicOf } from "./topics.ts";

export interface Libp2pSignallingOptions {
  /** What other peers are told we are called. */
  readonly label: string;
  /** Without one, the key and so the identity last as long as the process. */
  readonly privateKeyFile?: string | undefined;
  /** Multiaddrs; port 0 takes any. */
  readonly listen: readonly string[];
  /** Peers to reach from the start, each multiaddr ending in /p2p/<id>. */
  readonly peers: readonly string[];
  readonly mdns: boolean;
  readonly log: Log;
  readonly timings?: Partial<Timings>;
  /** For tests: another node than libp2p's. */
  readonly startNode?: StartNode;
}

/** Figures for tests and for the log. */
export interface SignallingDiagnostics {
  readonly openStreams: number;
  readonly pendingSends: number;
  /** Incoming streams that were reset: malformed, too slow, too many. */
  readonly refusedStreams: number;
  /** Messages that were acknowledged and mean nothing to us, by why. */
  readonly ignored: Readonly<Ignored>;
}

export interface Libp2pSignalling extends Signalling {
  diagnostics(): SignallingDiagnostics;
}

/** Nothing runs before `start`. */
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
  readonly #contacts: ContactKeeper;
  readonly #lanes: SendLanes;
  readonly #receiver: MqReceiver;
  readonly #inbox: Inbox;
  readonly #identities: IdentityExchange;
  #availability: OwnAvailability = { videoDisabled: false };
  #keyring: Keyring | undefined;
  #node: SignallingNode | undefined;
  #starting: Promise<SelfAddress> | undefined;
  #stopped: Promise<void> | undefined;
  #addresses: AddressWatch | undefined;

  constructor(options: Libp2pSignallingOptions, callbacks: SignallingCallbacks) {
    this.#options = options;
    this.#callbacks = callbacks;
    this.#log = options.log;
    this.#timings = { ...defaultTimings, ...options.timings };
    const common = { closing: this.#closing.signal, timings: this.#timings, log: options.log };
    this.#contacts = new ContactKeeper({
      ...common,
      onContacts: (contacts) => this.#tell(() => callbacks.onContacts(contacts)),
      onMet: (peerId) => this.#identities.introduce(peerId),
    });
    const sender = new MqSender({
      open: (peerId, signal) =>
        this.#running().openStream(this.#contacts.list.address(peerId), MQ_PROTOCOL, signal),
      stamp: new MessageStamp(),
      timings: this.#timings,
    });
    this.#lanes = new SendLanes((peerId, callId, signal, abort) =>
      sender.deliver(peerId, topicOf(callId), this.#keys().sealing.seal(peerId, signal), abort),
    );
    this.#identities = new IdentityExchange({
      ...common,
      deliver: (...message) => sender.deliver(...message),
      own: () => identityPayload(this.#self()),
    });
    this.#inbox = this.#createInbox();
    this.#receiver = new MqReceiver({
      ...common,
      onMessage: (from, topic, payload) => {
        if (!this.#closing.signal.aborted) this.#inbox.take(from, topic, payload);
      },
    });
  }

  start(): Promise<SelfAddress> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  async send(peerId: string, callId: string, signal: Signal, abort?: AbortSignal): Promise<void> {
    this.#running();
    return this.#lanes.send(peerId, callId, signal, abort);
  }

  contacts(): Contact[] {
    return this.#contacts.list.list();
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
        throw new SignallingError("aborted", `the caller gave up dialling ${address}`, error);
      throw new SignallingError("unreachable", `cannot reach ${address}: ${textOf(error)}`, error);
    }
    this.#contacts.add(peer, "given");
    await this.#contacts.learnLabel(peer.peerId);
    const contact = this.#contacts.list.get(peer.peerId);
    if (contact) return contact;
    throw new SignallingError("unreachable", `no room for ${address} among the contacts`);
  }

  setAvailability(availability: OwnAvailability): void {
    const isNews = availability.videoDisabled !== this.#availability.videoDisabled;
    this.#availability = availability;
    if (!isNews) return;
    for (const { peerId, reachable } of this.contacts()) if (reachable) this.#identities.tell(peerId);
  }

  close(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  diagnostics(): SignallingDiagnostics {
    return {
      openStreams: this.#node?.openStreams() ?? 0,
      pendingSends: this.#lanes.pending,
      refusedStreams: this.#receiver.refused,
      ignored: this.#inbox.ignored,
    };
  }

  async #start(): Promise<SelfAddress> {
    this.#throwIfClosing();
    this.#keyring = await openKeyring({
      ...this.#timings,
      privateKeyFile: this.#options.privateKeyFile,
      isContact: (peerId) => this.#contacts.list.has(peerId),
      log: this.#log,
    });
    const startNode = this.#options.startNode ?? (await import("./libp2p-node.ts")).startLibp2pNode;
    let node: SignallingNode;
    try {
      node = await startNode(this.#nodeOptions(this.#keyring.identity));
    } catch (error) {
      throw new SignallingError(
        "startFailed",
        `cannot start on ${this.#options.listen.join(" ")}: ${textOf(error)}`,
        error,
      );
    }
    this.#node = node;
    this.#throwIfClosing();
    this.#contacts.use(node);
    for (const address of this.#options.peers) this.#addGiven(node, address);
    this.#addresses = new AddressWatch(node, this.#timings.addressCheckMs, (self) =>
      this.#tell(() => this.#callbacks.onAddressChange(self)),
    );
    return this.#addresses.self;
  }

  #nodeOptions(key: Uint8Array): NodeOptions {
    const { listen, mdns, label } = this.#options;
    const handlers = new Map<string, StreamHandler>([
      [MQ_PROTOCOL, (stream, from) => this.#receiver.accept(stream, from)],
      [LABEL_PROTOCOL, (stream) => void serveLabel(stream, label, this.#timings, this.#log)],
    ]);
    const events = {
      onConnected: (peerId: string) => this.#contacts.onConnected(peerId),
      onDisconnected: (peerId: string) => this.#contacts.onDisconnected(peerId),
      onFound: (peer: PeerAddress) => void this.#contacts.add(peer, "found"),
      onIdentified: (peer: PeerAddress) => this.#contacts.onIdentified(peer),
      onAddressesChanged: () => this.#addresses?.check(),
    };
    return { key, listen, mdns, handlers, events, stopMs: this.#timings.stopMs };
  }

  /** An address that is wrong must not keep the others from being reached. */
  #addGiven(node: SignallingNode, address: string): void {
    try {
      this.#contacts.add(this.#parse(node, address), "given");
    } catch (error) {
      this.#log("warn", `peer left out: ${textOf(error)}`);
    }
  }

  #createInbox(): Inbox {
    return new Inbox({
      open: (from, payload) => this.#keys().sealing.open(from, payload),
      onUnopened: (from) => this.#identities.introduce(from),
      onSignal: (from, callId, signal) => {
        if (!this.#contacts.list.has(from)) void this.#contacts.meet(from);
        this.#tell(() => this.#callbacks.onSignal(from, callId, signal));
      },
      onIdentityAsked: (from) => this.#identities.tell(from),
      onIdentity: (from, { key, ...about }) => {
        this.#contacts.list.describe(from, about);
        if (this.#keys().peers.learn(from, key)) this.#inbox.onNewKey(from);
      },
      holdSealedMs: this.#timings.holdSealedMs,
      log: this.#log,
    });
  }

  #self(): OwnIdentity {
    const { peerId } = this.#running();
    const { videoDisabled } = this.#availability;
    const { publicKey } = this.#keys().sealing;
    return { peerId, label: this.#options.label || peerId.slice(-8), videoDisabled, publicKey };
  }

  /** @throws SignallingError closed before start; messages come and go after it only */
  #keys(): Keyring {
    if (!this.#keyring) throw new SignallingError("closed", "signalling has not started");
    return this.#keyring;
  }

  async #stop(): Promise<void> {
    this.#closing.abort(new SignallingError("closed", "signalling is closed"));
    this.#lanes.close();
    // A start under way sees that we are closing; whether it failed is its caller's to hear.
    await this.#starting?.catch(() => undefined);
    this.#addresses?.close();
    this.#inbox.close();
    try {
      await this.#node?.stop();
    } catch (error) {
      this.#log("warn", `node did not stop cleanly: ${textOf(error)}`);
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
        `address "${address}": ${textOf(error)}; expected a multiaddr ending in /p2p/<peer id>`,
        error,
      );
    }
    if (peer.peerId === node.peerId) {
      throw new SignallingError("invalidAddress", `address "${address}" is our own`);
    }
    return peer;
  }

  /** @throws SignallingError closed, also before start */
  #running(): SignallingNode {
    this.#throwIfClosing();
    if (!this.#node) throw new SignallingError("closed", "signalling has not started");
    return this.#node;
  }

  #throwIfClosing(): void {
    this.#closing.signal.throwIfAborted();
  }

  /** Callbacks are other people's code; what they throw must not break a stream or a list. */
  #tell(callback: () => void): void {
    if (this.#closing.signal.aborted) return;
    try {
      callback();
    } catch (error) {
      this.#log("error", `a signalling callback failed: ${textOf(error)}`);
    }
  }
}
