// Signalling over the host's own node: signals leave as requests to the host and come as its deliveries. The host knows the
// peers, reaches them, seals what it sends and tells them whether we can be called; nothing of that is done here.

import { type Contact, peerIdSchema, RpcError, type Signal } from "../../rpc-schema/index.ts";
import { errorText } from "../common/error-text.ts";
import type { Log } from "../log.ts";
import { type SelfAddress, type Signalling, type SignallingCallbacks, SignallingError } from "./port.ts";
import { SendLanes } from "./send-lanes.ts";
import { type IgnoredWhy, topicOf, understand } from "./topics.ts";

/** One message as it crosses stdio; `signal.send` and `signal.deliver` of the contract. */
export interface RelayedMessage {
  readonly peerId: string;
  readonly topic: string;
  readonly payload: Record<string, unknown>;
}

export interface HostRelayedSignallingOptions {
  /** The host's peer id, under which ours are sent. */
  readonly selfId: string;
  /** Resolves when the peer acknowledged. @throws RpcError what the host answered; anything when it did not */
  ask(message: RelayedMessage, limit: { timeoutMs: number; signal: AbortSignal }): Promise<unknown>;
  readonly log: Log;
  /** Until the host must have answered; {@link SEND_TIMEOUT_MS} without. */
  readonly carryMs?: number;
}

/** The host's own budget is 5 s with its retry (Goop² 2.4, /api/mq/send); an answer later than this never comes. */
export const SEND_TIMEOUT_MS = 6_000;

/** A carrier that is told by the host what happens on its node. */
export interface HostRelayedSignalling extends Signalling {
  /** What the host's node received. Never throws; what is no signal is counted. */
  deliver(from: string, topic: string, payload: unknown): void;
  /** The peers that the host knows, whole. */
  setContacts(contacts: readonly Contact[]): void;
  /** Messages that mean nothing to us, by why. */
  ignored(): Readonly<Record<IgnoredWhy, number>>;
}

/** Asks nothing and tells nothing before `start`; contacts that are set earlier are kept for it. */
export function createHostRelayedSignalling(
  options: HostRelayedSignallingOptions,
  callbacks: SignallingCallbacks,
): HostRelayedSignalling {
  return new CarriedSignalling(options, callbacks);
}

class CarriedSignalling implements HostRelayedSignalling {
  readonly #options: HostRelayedSignallingOptions;
  readonly #callbacks: SignallingCallbacks;
  readonly #lanes: SendLanes;
  readonly #ignored = { otherTopic: 0, loopback: 0, badCallId: 0, unknownSignal: 0, endOfCandidates: 0 };
  #contacts: Contact[] = [];
  #told = "[]";
  #phase: "new" | "running" | "closed" = "new";

  constructor(options: HostRelayedSignallingOptions, callbacks: SignallingCallbacks) {
    this.#options = options;
    this.#callbacks = callbacks;
    this.#lanes = new SendLanes((peerId, callId, signal, abort) =>
      this.#carry({ peerId, topic: topicOf(callId), payload: signal }, abort),
    );
  }

  async start(): Promise<SelfAddress> {
    if (this.#phase === "closed") throw closedError();
    this.#phase = "running";
    this.#tellContacts();
    const { selfId } = this.#options;
    // Complete as an address for whoever shares the host's network; where the host listens only the host knows.
    return { peerId: selfId, addresses: [`/p2p/${selfId}`] };
  }

  /** The host retries by itself, so this does not. */
  async send(peerId: string, callId: string, signal: Signal, abort?: AbortSignal): Promise<void> {
    if (this.#phase !== "running") throw closedError();
    return this.#lanes.send(peerId, callId, signal, abort);
  }

  contacts(): Contact[] {
    return this.#phase === "new" ? [] : [...this.#contacts];
  }

  /** Only the host makes peers known: this finds one that it has told of. */
  async addContact(address: string): Promise<Contact> {
    if (this.#phase !== "running") throw closedError();
    const peerId = peerIdSchema.safeParse(/\/p2p\/([^/]+)$/.exec(address)?.[1]);
    if (!peerId.success || peerId.data === this.#options.selfId) {
      const what = peerId.success ? "is our own" : "does not end in /p2p/<peer id>";
      throw new SignallingError("invalidAddress", `address "${address}" ${what}`);
    }
    const known = this.#contacts.find((contact) => contact.peerId === peerId.data);
    if (known) return known;
    throw new SignallingError("unreachable", `the host, which alone finds peers, knows none at ${address}`);
  }

  setAvailability(): void {
    // The host hears of it from the plugin by `availability.changed`, and owns what peers are told.
  }

  deliver(from: string, topic: string, payload: unknown): void {
    if (this.#phase !== "running") return;
    const understood = understand(topic, payload);
    if ("ignored" in understood) {
      this.#ignored[understood.ignored] += 1;
      this.#options.log("debug", `message from ${from} ignored: ${understood.ignored}`);
      return;
    }
    this.#tell(() => this.#callbacks.onSignal(from, understood.callId, understood.signal));
  }

  setContacts(contacts: readonly Contact[]): void {
    const others = contacts.filter(({ peerId }) => peerId !== this.#options.selfId);
    this.#contacts = [...new Map(others.map((contact) => [contact.peerId, contact])).values()];
    this.#tellContacts();
  }

  ignored(): Readonly<Record<IgnoredWhy, number>> {
    return { ...this.#ignored };
  }

  async close(): Promise<void> {
    this.#phase = "closed";
    this.#lanes.close();
  }

  async #carry(message: RelayedMessage, signal: AbortSignal): Promise<void> {
    const timeoutMs = this.#options.carryMs ?? SEND_TIMEOUT_MS;
    try {
      await this.#options.ask(message, { timeoutMs, signal });
    } catch (error) {
      signal.throwIfAborted();
      const isRefused = error instanceof RpcError;
      const what = isRefused ? "the host did not reach" : "the host did not say that it reached";
      throw new SignallingError(
        isRefused ? "unreachable" : "unacknowledged",
        `${what} ${message.peerId}: ${errorText(error)}`,
        error,
      );
    }
  }

  #tellContacts(): void {
    if (this.#phase !== "running") return;
    const text = JSON.stringify(this.#contacts);
    if (text === this.#told) return;
    this.#told = text;
    this.#tell(() => this.#callbacks.onContacts(this.contacts()));
  }

  /** Callbacks are other people's code; what they throw must not break a delivery. */
  #tell(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.#options.log("error", `a signalling callback failed: ${errorText(error)}`);
    }
  }
}

function closedError(): SignallingError {
  return new SignallingError("closed", "signalling is not running");
}
