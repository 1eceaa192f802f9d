// Signalling without a network: several ends in one process, linked by a network whose faults can be switched. For
// tests of whatever speaks over signalling. It keeps the real one's order, retry, parsing and errors.

import { KnownPeers } from "../../../plugin/signalling/contacts/known-peers.ts";
import {
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
  /** A message is held back by up to `reorderMs`, so that later ones pass it. */
  readonly reordering: number;
  readonly reorderMs: number;
  /** Of every message. */
  readonly delayMs: number;
}

/** xstate's SimulatedClock fits, and so does node's own. */
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

export interface FakeEndOptions {
  readonly label: string;
  readonly peers?: readonly string[];
  /** Finds, and is found by, every other end that has this. */
  readonly mdns?: boolean;
}

export interface FakeSignallingNetwork {
  create(options: FakeEndOptions, callbacks: SignallingCallbacks): Signalling;
  setFaults(faults: Partial<FakeFaults>): void;
  /** Pulls or puts back the cable of one end. */
  setOnline(peerId: string, isOnline: boolean): void;
  /** Hands a payload to an end as it would come from the wire, whatever it is. */
  inject(from: string, to: string, topic: string, payload: unknown): void;
}

const NO_FAULTS: FakeFaults = { loss: 0, duplication: 0, reordering: 0, reorderMs: 50, delayMs: 0 };
const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** Runs in real time unless given a clock. Without faults everything arrives at once, yet never synchronously. */
export function createFakeSignallingNetwork(options: FakeNetworkOptions = {}): FakeSignallingNetwork {
  return new FakeNetwork(options);
}

class FakeNetwork implements FakeSignallingNetwork {
  readonly #options: FakeNetworkOptions;
  readonly #clock: FakeClock;
  readonly #random: Random;
  readonly #ends = new Map<string, FakeEnd>();
  #faults: FakeFaults;

  constructor(options: FakeNetworkOptions) {
    this.#options = options;
    this.#clock = options.clock ?? globalThis;
    this.#random = seededRandom(options.seed ?? 1);
    this.#faults = { ...NO_FAULTS, ...options.faults };
  }

  create(options: FakeEndOptions, callbacks: SignallingCallbacks): Signalling {
    const peerId = `FakePeer${BASE58[Math.floor(this.#ends.size / 58)]}${BASE58[this.#ends.size % 58]}`;
    const end = new FakeEnd(peerId, this, options, callbacks);
    this.#ends.set(peerId, end);
    return end;
  }

  setFaults(faults: Partial<FakeFaults>): void {
    this.#faults = { ...this.#faults, ...faults };
  }

  setOnline(peerId: string, isOnline: boolean): void {
    const end = this.#ends.get(peerId);
    if (!end) throw new Error(`no end ${peerId}`);
    end.isOnline = isOnline;
    this.refresh();
  }

  inject(from: string, to: string, topic: string, payload: unknown): void {
    this.#ends.get(to)?.receive(from, topic, structuredClone(payload));
  }

  /** The end, when a connection to it could be made now. */
  reach(from: FakeEnd, peerId: string): FakeEnd | undefined {
    const end = this.#ends.get(peerId);
    return end && from.isUp && end.isUp ? end : undefined;
  }

  refresh(): void {
    for (const end of this.#ends.values()) end.meet([...this.#ends.values()]);
  }

  async deliver(from: FakeEnd, to: string, topic: string, signal: Signal, abort: AbortSignal): Promise<void> {
    try {
      await this.#attempt(from, to, topic, signal, abort);
    } catch {
      abort.throwIfAborted();
      await this.#pause(this.#options.retryPauseMs ?? defaultTimings.retryPauseMs, abort);
      await this.#attempt(from, to, topic, signal, abort);
    }
  }

  async #attempt(
    from: FakeEnd,
    to: string,
    topic: string,
    signal: Signal,
    abort: AbortSignal,
  ): Promise<void> {
    if (!this.reach(from, to)) throw new SignallingError("unreachable", `no stream to ${to}`);
    const isMessageLost = this.#happens(this.#faults.loss);
    const isAckLost = this.#happens(this.#faults.loss);
    await this.#pause(this.#delayMs(), abort);
    const end = isMessageLost ? undefined : this.reach(from, to);
    // What a peer gets has been through JSON.
    end?.receive(from.peerId, topic, JSON.parse(JSON.stringify(signal)));
    if (end && this.#happens(this.#faults.duplication)) this.#repeat(from, to, topic, signal);
    if (end && !isAckLost) return;
    await this.#pause(this.#options.ackMs ?? defaultTimings.ackMs, abort);
    throw new SignallingError("unacknowledged", `no acknowledgement from ${to}`);
  }

  #repeat(from: FakeEnd, to: string, topic: string, signal: Signal): void {
    const again = () => this.reach(from, to)?.receive(from.peerId, topic, JSON.parse(JSON.stringify(signal)));
    this.#clock.setTimeout(again, this.#delayMs());
  }

  #delayMs(): number {
    const { delayMs, reordering, reorderMs } = this.#faults;
    return delayMs + (this.#happens(reordering) ? 1 + this.#random.below(reorderMs) : 0);
  }

  #happens(probability: number): boolean {
    return this.#random.chance(probability);
  }

  async #pause(timeMs: number, abort: AbortSignal): Promise<void> {
    // A simulated clock that nobody moves must not hold up what takes no time.
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

class FakeEnd implements Signalling {
  readonly peerId: string;
  isOnline = true;
  readonly #network: FakeNetwork;
  readonly #options: FakeEndOptions;
  readonly #callbacks: SignallingCallbacks;
  readonly #contacts: KnownPeers;
  readonly #lanes: SendLanes;
  #availability: OwnAvailability = { videoDisabled: false };
  #state: "new" | "started" | "closed" = "new";

  constructor(peerId: string, network: FakeNetwork, options: FakeEndOptions, callbacks: SignallingCallbacks) {
    this.peerId = peerId;
    this.#network = network;
    this.#options = options;
    this.#callbacks = callbacks;
    this.#contacts = new KnownPeers((contacts) => {
      if (this.#state === "started") callbacks.onContacts(contacts);
    });
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
    return this.#lanes.send(peerId, callId, signal, abort);
  }

  contacts(): Contact[] {
    return this.#contacts.all();
  }

  async addContact(address: string, abort?: AbortSignal): Promise<Contact> {
    if (this.#state !== "started") throw closed("signalling does not run");
    if (abort?.aborted) throw new SignallingError("aborted", `the caller gave up dialling ${address}`);
    const peerId = peerIdOf(address);
    if (!peerId || peerId === this.peerId) {
      throw new SignallingError("invalidAddress", `address "${address}": expected one of another end`);
    }
    const end = this.#network.reach(this, peerId);
    if (!end) throw new SignallingError("unreachable", `cannot reach ${address}`);
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

  async close(): Promise<void> {
    this.#state = "closed";
    this.#lanes.close();
    this.#network.refresh();
  }

  receive(from: string, topic: string, payload: unknown): void {
    if (!this.isUp) return;
    const understood = parseSignal(topic, payload);
    if ("ignored" in understood) return;
    if (!this.#contacts.has(from)) {
      this.#contacts.add({ peerId: from, addresses: [addressOf(from)] }, "caller", true);
      this.#network.refresh();
    }
    this.#callbacks.onSignal(from, understood.callId, understood.signal);
  }

  /** What mDNS, dialling and label queries would have brought about by now. */
  meet(ends: readonly FakeEnd[]): void {
    if (this.#state !== "started") return;
    for (const end of ends.filter((other) => other !== this)) {
      const isReachable = this.#network.reach(this, end.peerId) !== undefined;
      if (isReachable && this.#options.mdns && end.#options.mdns) {
        this.#contacts.add({ peerId: end.peerId, addresses: [addressOf(end.peerId)] }, "found", true);
      }
      this.#contacts.setReachable(end.peerId, isReachable);
      if (isReachable)
        this.#contacts.describe(end.peerId, { ...end.#availability, label: end.#options.label });
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
