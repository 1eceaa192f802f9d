// Signalling over the host's own node. Signals leave as requests to the host and arrive as its deliveries. The host finds
// and connects peers, encrypts messages and announces our availability. This module does not load libp2p.

import { type Contact, peerIdSchema, RpcError, type Signal } from "../../rpc-schema/index.ts";
import { BoundedMap } from "../common/bounded-map.ts";
import { errorText } from "../common/error-text.ts";
import type { RefusalCounts } from "../common/refusals.ts";
import { createUnknownFieldLog, type LogUnknownFields } from "../common/unknown-field-log.ts";
import type { Log } from "../log.ts";
import { LostSignals } from "./lost-signals.ts";
import {
  isUsersChoice,
  type SelfAddress,
  type Signalling,
  type SignallingCallbacks,
  SignallingError,
} from "./port.ts";
import { RequestRepeats } from "./request-repeats.ts";
import { SendLanes } from "./send-lanes.ts";
import { defaultTimings, MAX_KNOWN_PEERS, type Timings } from "./timings.ts";
import { type IgnoreReason, parseSignal, topicOf } from "./topics.ts";

/** One message on stdio, as in `signal.send` and `signal.deliver` of the contract. */
interface RelayedMessage {
  readonly peerId: string;
  readonly topic: string;
  readonly payload: Record<string, unknown>;
}

export interface HostRelayedSignallingOptions {
  /** The host's peer id. Our signals are sent under it. */
  readonly selfId: string;
  /** Resolves when the peer acknowledged. @throws RpcError the host's error response; another Error without a response */
  request(message: RelayedMessage, limit: { timeoutMs: number; signal: AbortSignal }): Promise<unknown>;
  readonly log: Log;
  /** Limit for the host's answer. The default is 6 s. */
  readonly sendTimeoutMs?: number;
  readonly timings?: Partial<Timings>;
}

/** The host allows itself 5 s, retry included (Goop² 2.4, /api/mq/send), so no answer comes later than this. */
const SEND_TIMEOUT_MS = 6_000;

/** Signalling whose incoming messages and contacts come from the host. */
export interface HostRelayedSignalling extends Signalling {
  /** A message that the host's node received. Never throws. Messages that are not signals are counted. */
  deliver(from: string, topic: string, payload: unknown): void;
  /** Replaces the list of contacts. */
  setContacts(contacts: readonly Contact[]): void;
  /** The number of ignored messages by reason. */
  ignored(): Readonly<Record<IgnoreReason, number>>;
}

/** Sends no request and runs no callback before `start`. Contacts that are set earlier are kept for it. */
export function createHostRelayedSignalling(
  options: HostRelayedSignallingOptions,
  callbacks: SignallingCallbacks,
): HostRelayedSignalling {
  return new RelayedSignalling(options, callbacks);
}

class RelayedSignalling implements HostRelayedSignalling {
  readonly #options: HostRelayedSignallingOptions;
  readonly #callbacks: SignallingCallbacks;
  readonly #lanes: SendLanes;
  readonly #lost: LostSignals;
  readonly #requests: RequestRepeats;
  readonly #logUnknownFields: LogUnknownFields;
  readonly #ignored = { otherTopic: 0, loopback: 0, badCallId: 0, unknownSignal: 0, endOfCandidates: 0 };
  /** Peers that the user called or whose call the user accepted. They need not be contacts of the host. */
  readonly #chosen = new BoundedMap<string, true>(MAX_KNOWN_PEERS);
  #contacts: Contact[] = [];
  #lastReported = "[]";
  #phase: "new" | "running" | "closed" = "new";

  constructor(options: HostRelayedSignallingOptions, callbacks: SignallingCallbacks) {
    this.#options = options;
    this.#callbacks = callbacks;
    this.#logUnknownFields = createUnknownFieldLog(options.log);
    this.#lanes = new SendLanes((peerId, callId, signal, abort) =>
      this.#request({ peerId, topic: topicOf(callId), payload: signal }, abort),
    );
    const timings = { ...defaultTimings, ...options.timings };
    this.#lost = new LostSignals({
      send: (...message) => this.#lanes.send(...message),
      isKnown: (peerId) => this.isKnown(peerId),
      timings,
      log: options.log,
    });
    this.#requests = new RequestRepeats({
      send: (...message) => this.#lost.send(...message),
      onRepeat: () => undefined, // the host encrypts
      timings,
      log: options.log,
    });
  }

  async start(): Promise<SelfAddress> {
    if (this.#phase === "closed") throw closedError();
    this.#phase = "running";
    this.#reportContacts();
    const { selfId } = this.#options;
    // Peers on the host's network find it by the id alone. Only the host knows where it listens.
    return { peerId: selfId, addresses: [`/p2p/${selfId}`] };
  }

  /** Does not retry at once, because the host does. */
  async send(peerId: string, callId: string, signal: Signal, abort?: AbortSignal): Promise<void> {
    if (this.#phase !== "running") throw closedError();
    if (isUsersChoice(signal)) this.#chosen.set(peerId, true);
    await this.#requests.send(peerId, callId, signal, abort);
    // The host does not pass on the receipts of the peer's page.
    if (signal.type === "call-request") this.#requests.onReceipt(peerId);
  }

  /** The host holds the connections. */
  addressesOf(): null {
    return null;
  }

  contacts(): Contact[] {
    return this.#phase === "new" ? [] : [...this.#contacts];
  }

  isKnown(peerId: string): boolean {
    return this.#chosen.has(peerId) || this.#contacts.some((contact) => contact.peerId === peerId);
  }

  /** Finds a contact that the host has set, since only the host discovers peers. */
  async addContact(address: string): Promise<Contact> {
    if (this.#phase !== "running") throw closedError();
    const peerId = peerIdSchema.safeParse(/\/p2p\/([^/]+)$/.exec(address)?.[1]);
    if (!peerId.success || peerId.data === this.#options.selfId) {
      const what = peerId.success ? "is our own" : "does not end in /p2p/<peer id>";
      throw new SignallingError("invalidAddress", `address "${address}" ${what}`);
    }
    const known = this.#contacts.find((contact) => contact.peerId === peerId.data);
    if (known) return known;
    throw new SignallingError(
      "unreachable",
      `no contact at ${address}: only the host can add contacts, and it has not announced this peer`,
    );
  }

  setAvailability(): void {
    // The host receives `availability.changed` from the plugin and announces it to the peers.
  }

  deliver(from: string, topic: string, payload: unknown): void {
    if (this.#phase !== "running") return;
    const parsed = parseSignal(topic, payload, this.#logUnknownFields);
    if ("ignored" in parsed) {
      this.#ignored[parsed.ignored] += 1;
      this.#options.log("debug", `message from ${from} ignored: ${parsed.ignored}`);
      return;
    }
    this.#requests.onAnswer(from, parsed.callId);
    this.#runCallback(() => this.#callbacks.onSignal(from, parsed.callId, parsed.signal));
    this.#lost.onSignal(from);
  }

  setContacts(contacts: readonly Contact[]): void {
    const others = contacts.filter(({ peerId }) => peerId !== this.#options.selfId);
    const before = new Set(this.#contacts.filter(isReachable).map(({ peerId }) => peerId));
    this.#contacts = [...new Map(others.map((contact) => [contact.peerId, contact])).values()];
    for (const { peerId } of this.#contacts.filter(isReachable)) {
      if (before.has(peerId)) continue;
      this.#requests.onPeerStarted(peerId);
      if (this.#phase === "running") this.#lost.onConnected(peerId);
    }
    this.#reportContacts();
  }

  ignored(): Readonly<Record<IgnoreReason, number>> {
    return { ...this.#ignored };
  }

  refusals(): RefusalCounts {
    return { message: this.#ignored.badCallId + this.#ignored.unknownSignal };
  }

  async close(): Promise<void> {
    this.#phase = "closed";
    this.#requests.close();
    this.#lanes.close();
  }

  async #request(message: RelayedMessage, signal: AbortSignal): Promise<void> {
    const timeoutMs = this.#options.sendTimeoutMs ?? SEND_TIMEOUT_MS;
    try {
      await this.#options.request(message, { timeoutMs, signal });
    } catch (error) {
      signal.throwIfAborted();
      const isRefused = error instanceof RpcError;
      const what = isRefused ? "the host did not reach" : "the host did not confirm the delivery to";
      throw new SignallingError(
        isRefused ? "unreachable" : "unacknowledged",
        `${what} ${message.peerId}: ${errorText(error)}`,
        error,
      );
    }
  }

  #reportContacts(): void {
    if (this.#phase !== "running") return;
    const text = JSON.stringify(this.#contacts);
    if (text === this.#lastReported) return;
    this.#lastReported = text;
    this.#runCallback(() => this.#callbacks.onContacts(this.contacts()));
  }

  /** An exception in a callback must not break a delivery. */
  #runCallback(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.#options.log("error", `a signalling callback failed: ${errorText(error)}`);
    }
  }
}

function isReachable({ reachable }: Contact): boolean {
  return reachable;
}

function closedError(): SignallingError {
  return new SignallingError("closed", "signalling is not running");
}
