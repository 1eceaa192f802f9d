// Signalling without a network: several nodes in one process, on a simulated network with faults. It keeps the order, retries,
// parsing and errors of the real signalling.

import type { RefusalCounts } from "../../../plugin/common/refusals.ts";
import { KnownPeers } from "../../../plugin/signalling/contacts/known-peers.ts";
import {
  isUsersChoice,
  type OwnAvailability,
  type SelfAddress,
  type Signalling,
  type SignallingCallbacks,
  SignallingError,
} from "../../../plugin/signalling/port.ts";
import { SendLanes } from "../../../plugin/signalling/send-lanes.ts";
import { defaultTimings } from "../../../plugin/signalling/timings.ts";
import { parseSignal, topicOf } from "../../../plugin/signalling/topics.ts";
import type { Contact, Signal } from "../../../rpc-schema/index.ts";
import { type Random, seededRandom } from "../process/seeded-random.ts";

/** Probabilities from 0 to 1, drawn from the seed. */
export interface FakeFaults {
  /** A message, or its acknowledgement, is lost. */
  readonly loss: number;
  /** A message arrives twice. */
  readonly duplication: number;
  /** A message is delayed by up to `reorderMs`, so that later ones overtake it. */
  readonly reordering: number;
  readonly reorderMs: number;
  /** The delay of every message. */
  readonly delayMs: number;
}

/** Implemented by xstate's SimulatedClock and by Node's globals. */
export interface FakeClock {
  setTimeout(callback: () => void, timeMs: number): unknown;
  clearTimeout(timer: never): void;
}

export interface FakeNetworkOptions {
  readonly seed?: number;
  readonly faults?: Partial<FakeFaults>;
  readonly clock?: FakeClock;
  readonly ackMs?: number;
  readonly retryPauseMs?: number;
}

export interface FakeNodeOptions {
  readonly label: string;
  readonly peers?: readonly string[];
  /** Discovers every other node with this option, and is discovered by it. */
  readonly mdns?: boolean;
}

export interface FakeSignallingNetwork {
  create(options: FakeNodeOptions, callbacks: SignallingCallbacks): Signalling;
  setFaults(faults: Partial<FakeFaults>): void;
  /** Disconnects or reconnects one node. */
  setOnline(peerId: string, isOnline: boolean): void;
  /** Delivers any payload to a node, as if from the wire. */
  inject(from: string, to: string, topic: string, payload: unknown): void;
}

const NO_FAULTS: FakeFaults = { loss: 0, duplication: 0, reordering: 0, reorderMs: 50, delayMs: 0 };
const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** Runs in real time unless given a clock. Without faults, messages arrive at once, but never synchronously. */
export function createFakeSignallingNetwork(options: FakeNetworkOptions = {}): FakeSignallingNetwork {
  return new FakeNetwork(options);
}

class FakeNetwork implements FakeSignallingNetwork {
  readonly #options: FakeNetworkOptions;
  readonly #clock: FakeClock;
  readonly #random: Random;
  readonly #nodes = new Map<string, FakeNode>();
  #faults: FakeFaults;

  constructor(options: FakeNetworkOptions) {
    this.#options = options;
    this.#clock = options.clock ?? globalThis;
    this.#random = seededRandom(options.seed ?? 1);
    this.#faults = { ...NO_FAULTS, ...options.faults };
  }

  create(options: FakeNodeOptions, callbacks: SignallingCallbacks): Signalling {
    const peerId = `FakePeer${BASE58[Math.floor(this.#nodes.size / 58)]}${BASE58[this.#nodes.size % 58]}`;
    const node = new FakeNode(peerId, this, options, callbacks);
    this.#nodes.set(peerId, node);
    return node;
  }

  setFaults(faults: Partial<FakeFaults>): void {
    this.#faults = { ...this.#faults, ...faults };
  }

  setOnline(peerId: string, isOnline: boolean): void {
    const node = this.#nodes.get(peerId);
    if (!node) throw new Error(`no node ${peerId}`);
    node.isOnline = isOnline;
    this.refresh();
  }

  inject(from: string, to: string, topic: string, payload: unknown): void {
    this.#nodes.get(to)?.receive(from, topic, structuredClone(payload));
  }

  has(peerId: string): boolean {
    return this.#nodes.has(peerId);
  }

  /** The node, if a connection to it is possible. */
  reachable(from: FakeNode, peerId: string): FakeNode | undefined {
    const node = this.#nodes.get(peerId);
    return node && from.isUp && node.isUp ? node : undefined;
  }

  refresh(): void {
    for (const node of this.#nodes.values()) node.discover([...this.#nodes.values()]);
  }

  async deliver(
    from: FakeNode,
    to: string,
    topic: string,
    signal: Signal,
    abort: AbortSignal,
  ): Promise<void> {
    try {
      await this.#attempt(from, to, topic, signal, abort);
    } catch {
      abort.throwIfAborted();
      await this.#pause(this.#options.retryPauseMs ?? defaultTimings.retryPauseMs, abort);
      await this.#attempt(from, to, topic, signal, abort);
    }
  }

  async #attempt(
    from: FakeNode,
    to: string,
    topic: string,
    signal: Signal,
    abort: AbortSignal,
  ): Promise<void> {
    if (!this.reachable(from, to)) throw new SignallingError("unreachable", `no stream to ${to}`);
    const isMessageLost = this.#isHit(this.#faults.loss);
    const isAckLost = this.#isHit(this.#faults.loss);
    await this.#pause(this.#delayMs(), abort);
    const node = isMessageLost ? undefined : this.reachable(from, to);
    // On the wire a payload is JSON.
    node?.receive(from.peerId, topic, JSON.parse(JSON.stringify(signal)));
    if (node && this.#isHit(this.#faults.duplication)) this.#repeat(from, to, topic, signal);
    if (node && !isAckLost) return;
    await this.#pause(this.#options.ackMs ?? defaultTimings.ackMs, abort);
    throw new SignallingError("unacknowledged", `no acknowledgement from ${to}`);
  }

  #repeat(from: FakeNode, to: string, topic: string, signal: Signal): void {
    const again = () =>
      this.reachable(from, to)?.receive(from.peerId, topic, JSON.parse(JSON.stringify(signal)));
    this.#clock.setTimeout(again, this.#delayMs());
  }

  #delayMs(): number {
    const { delayMs, reordering, reorderMs } = this.#faults;
    return delayMs + (this.#isHit(reordering) ? 1 + this.#random.below(reorderMs) : 0);
  }

  #isHit(probability: number): boolean {
    return this.#random.chance(probability);
  }

  async #pause(timeMs: number, abort: AbortSignal): Promise<void> {
    // A pause of 0 ms must end even if a simulated clock stands still.
    if (timeMs === 0) {
      await Promise.resolve();
      abort.throwIfAborted();
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = this.#clock.setTimeout(resolve, timeMs);
    const onAbort = () => {
      this.#clock.clearTimeout(timer as never);
      reject(abort.reason);
    };
    abort.addEventListener("abort", onAbort, { once: true });
    if (abort.aborted) onAbort();
    await promise.finally(() => abort.removeEventListener("abort", onAbort));
  }
}

class FakeNode implements Signalling {
  readonly peerId: string;
  isOnline = true;
  readonly #network: FakeNetwork;
  readonly #options: FakeNodeOptions;
  readonly #callbacks: SignallingCallbacks;
  readonly #contacts: KnownPeers;
  readonly #lanes: SendLanes;
  readonly #chosen = new Set<string>();
  #availability: OwnAvailability = { videoDisabled: false };
  #state: "new" | "started" | "closed" = "new";
  #refused = 0;

  constructor(
    peerId: string,
    network: FakeNetwork,
    options: FakeNodeOptions,
    callbacks: SignallingCallbacks,
  ) {
    this.peerId = peerId;
    this.#network = network;
    this.#options = options;
    this.#callbacks = callbacks;
    this.#contacts = new KnownPeers(
      (contacts) => {
        if (this.#state === "started") callbacks.onContacts(contacts);
      },
      (peer) => this.#chosen.has(peer),
    );
    this.#lanes = new SendLanes((to, callId, signal, abort) =>
      network.deliver(this, to, topicOf(callId), signal, abort),
    );
  }

  get isUp(): boolean {
    return this.isOnline && this.#state === "started";
  }

  async start(): Promise<SelfAddress> {
    if (this.#state === "closed") throw closed("signalling is closed");
    this.#state = "started";
    for (const address of this.#options.peers ?? []) {
      const peerId = peerIdOf(address);
      if (peerId) this.#contacts.add({ peerId, addresses: [address] }, "given", false);
    }
    this.#network.refresh();
    return { peerId: this.peerId, addresses: [addressOf(this.peerId)] };
  }

  async send(peerId: string, callId: string, signal: Signal, abort?: AbortSignal): Promise<void> {
    if (this.#state === "new") throw closed("signalling has not started");
    if (isUsersChoice(signal)) this.#chosen.add(peerId);
    return this.#lanes.send(peerId, callId, signal, abort);
  }

  /** All nodes are on this machine. */
  addressesOf(peerId: string): readonly string[] {
    return this.#network.has(peerId) ? ["127.0.0.1"] : [];
  }

  contacts(): Contact[] {
    return this.#contacts.all();
  }

  isKnown(peerId: string): boolean {
    return this.#contacts.isGiven(peerId) || this.#chosen.has(peerId);
  }

  async addContact(address: string, abort?: AbortSignal): Promise<Contact> {
    if (this.#state !== "started") throw closed("signalling does not run");
    if (abort?.aborted) throw new SignallingError("aborted", `the caller gave up dialling ${address}`);
    const peerId = peerIdOf(address);
    if (!peerId || peerId === this.peerId) {
      throw new SignallingError("invalidAddress", `address "${address}": expected one of another node`);
    }
    const node = this.#network.reachable(this, peerId);
    if (!node) throw new SignallingError("unreachable", `cannot reach ${address}`);
    this.#contacts.add({ peerId, addresses: [address] }, "given", true);
    this.#network.refresh();
    return (
      this.#contacts.get(peerId) ?? {
        peerId,
        label: "",
        addresses: [address],
        reachable: true,
        videoDisabled: false,
      }
    );
  }

  setAvailability(availability: OwnAvailability): void {
    this.#availability = availability;
    this.#network.refresh();
  }

  refusals(): RefusalCounts {
    return { message: this.#refused };
  }

  async close(): Promise<void> {
    this.#state = "closed";
    this.#lanes.close();
    this.#network.refresh();
  }

  receive(from: string, topic: string, payload: unknown): void {
    if (!this.isUp) return;
    const understood = parseSignal(topic, payload);
    if ("ignored" in understood) {
      if (understood.ignored === "badCallId" || understood.ignored === "unknownSignal") this.#refused += 1;
      return;
    }
    if (!this.#contacts.has(from)) {
      this.#contacts.add({ peerId: from, addresses: [addressOf(from)] }, "caller", true);
      this.#network.refresh();
    }
    this.#callbacks.onSignal(from, understood.callId, understood.signal);
  }

  /** Does at once what mDNS, dialling and label queries would do. */
  discover(nodes: readonly FakeNode[]): void {
    if (this.#state !== "started") return;
    for (const node of nodes.filter((other) => other !== this)) {
      const isReachable = this.#network.reachable(this, node.peerId) !== undefined;
      if (isReachable && this.#options.mdns && node.#options.mdns) {
        this.#contacts.add({ peerId: node.peerId, addresses: [addressOf(node.peerId)] }, "found", true);
      }
      this.#contacts.setReachable(node.peerId, isReachable);
      if (isReachable)
        this.#contacts.describe(node.peerId, { ...node.#availability, label: node.#options.label });
    }
  }
}

function addressOf(peerId: string): string {
  return `/memory/p2p/${peerId}`;
}

function peerIdOf(address: string): string | undefined {
  return /^\/.*\/p2p\/([1-9A-HJ-NP-Za-km-z]{8,128})$/.exec(address)?.[1];
}

function closed(message: string): SignallingError {
  return new SignallingError("closed", message);
}
