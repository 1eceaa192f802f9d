// Between one plugin and the host's carrier: sends what the plugin asks for, in order; delivers what arrives, in order; and
// hangs up for a plugin that died, since its peers would wait for it. Reads no more of a payload than its type.

import {
  type Contact,
  contactSchema,
  type EndReason,
  methods,
  type Params,
  type PluginMethodParams,
  RpcError,
} from "../../../rpc-schema/index.ts";
import { BoundedMap } from "../../common/bounded-map.ts";
import { errorText } from "../../common/error-text.ts";
import type { HostLink } from "../../rpc/host-link.ts";
import type { HostTransport, TransportMessage } from "./host-transport.ts";
import { isHangup, TopicQueue } from "./topic-queue.ts";

/** A plugin that answers so few of its deliveries is stuck; more are dropped, so that a flood is held by nobody. */
const MAX_OPEN_DELIVERIES = 512;
/** What arrives while the plugin starts, which takes less than a second. */
const MAX_EARLY = 256;
/** Calls that would be hung up; a plugin has one at a time, and refuses the others at once. */
const MAX_CALLS = 256;
/** The contract's bound. */
const MAX_CONTACTS = 4_096;
const GONE: EndReason = "hostGone";

/** One for each plugin process. */
export interface SignalRelay {
  /** The plugin was told `initialized`: it may be told of contacts and messages from now on. */
  begin(): void;
  /** The plugin is gone. Resolves when all its calls are hung up, which ends by itself. Idempotent. */
  end(): Promise<void>;
  /** Before `end`: the next plugin goes on with this call, which is not hung up. @returns it, for the next carriage */
  handOver(callId: string): readonly RelayedCall[];
}

/** A call that would be hung up if the plugin died. */
export type RelayedCall = Pick<TransportMessage, "peerId" | "topic">;

/**
 * Serves the plugin's `signal.send` from now on.
 * @param taken calls of a plugin that died, with which this one goes on
 */
export function relaySignals(
  link: HostLink,
  carrier: HostTransport,
  log: (line: string) => void,
  taken: readonly RelayedCall[] = [],
): SignalRelay {
  return new Carriage(link, carrier, log, taken);
}

class Carriage implements SignalRelay {
  readonly #link: HostLink;
  readonly #carrier: HostTransport;
  readonly #log: (line: string) => void;
  readonly #queue: TopicQueue;
  readonly #calls = new BoundedMap<string, RelayedCall>(MAX_CALLS);
  readonly #stopListening: () => void;
  #early: TransportMessage[] | null = [];
  #openDeliveries = 0;
  #dropped = 0;
  #ended: Promise<void> | undefined;

  constructor(
    link: HostLink,
    carrier: HostTransport,
    log: (line: string) => void,
    taken: readonly RelayedCall[],
  ) {
    for (const call of taken) this.#note(call);
    this.#link = link;
    this.#carrier = carrier;
    this.#log = log;
    this.#queue = new TopicQueue((message) => carrier.send(message));
    this.#stopListening = carrier.listen({
      onMessage: (message) => this.#arrived(message),
      onContacts: () => this.#tellContacts(),
    });
    link.onRequest("signal.send", (message) => this.#send(message));
    link.onNotification("call.ended", ({ peerId, callId }) => this.#forget(peerId, `call:${callId}`));
    link.onNotification("availability.changed", (availability) => carrier.setAvailability(availability));
  }

  begin(): void {
    const early = this.#early ?? [];
    this.#early = null;
    this.#tellContacts();
    for (const message of early) this.#deliver(message);
  }

  end(): Promise<void> {
    this.#ended ??= this.#hangUpAll();
    return this.#ended;
  }

  handOver(callId: string): readonly RelayedCall[] {
    const handed = [...this.#calls.values()].filter(({ topic }) => topic === `call:${callId}`);
    for (const { peerId, topic } of handed) this.#forget(peerId, topic);
    return handed;
  }

  /** @throws RpcError peerUnreachable */
  async #send(message: PluginMethodParams<"signal.send">): Promise<null> {
    if (isHangup(message)) this.#forget(message.peerId, message.topic);
    else this.#note(message);
    try {
      await this.#queue.add(message);
      return null;
    } catch (error) {
      throw new RpcError("peerUnreachable", errorText(error));
    }
  }

  #arrived(message: TransportMessage): void {
    if (this.#ended) return;
    if (this.#early === null) this.#deliver(message);
    else if (this.#early.length < MAX_EARLY) this.#early.push(message);
    else this.#drop("the plugin is still starting");
  }

  #deliver(message: TransportMessage): void {
    const params = { from: message.peerId, topic: message.topic, payload: message.payload };
    if (!methods["signal.deliver"].params.safeParse(params).success) {
      this.#drop(`a message on ${JSON.stringify(message.topic.slice(0, 80))} is none of a call's`);
    } else if (this.#openDeliveries >= MAX_OPEN_DELIVERIES) {
      this.#drop("the plugin answers none");
    } else {
      if (message.payload.type === "call-request") this.#note(message);
      if (isHangup(message)) this.#forget(message.peerId, message.topic);
      void this.#ask(params);
    }
  }

  /** Sent at once, so the plugin reads them in this order; nothing waits for an answer. */
  async #ask(params: Params<"signal.deliver">): Promise<void> {
    this.#openDeliveries += 1;
    try {
      await this.#link.request("signal.deliver", params);
    } catch (error) {
      this.#log(`host: a signal was not delivered: ${String(error)}`);
    } finally {
      this.#openDeliveries -= 1;
    }
  }

  /** Every power of ten is told, so that a flood fills no log. */
  #drop(why: string): void {
    this.#dropped += 1;
    if (/^10*$/.test(String(this.#dropped))) this.#log(`host: ${this.#dropped} signals dropped: ${why}`);
  }

  #tellContacts(): void {
    if (this.#early !== null || this.#ended) return;
    const contacts = this.#carrier.contacts().filter(isContact).slice(0, MAX_CONTACTS);
    this.#link.notify("contacts.set", { contacts });
  }

  #note({ peerId, topic }: RelayedCall): void {
    this.#calls.set(`${peerId} ${topic}`, { peerId, topic });
  }

  #forget(peerId: string, topic: string): void {
    this.#calls.delete(`${peerId} ${topic}`);
  }

  async #hangUpAll(): Promise<void> {
    this.#stopListening();
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    const payload = { type: "call-hangup", reason: GONE };
    const sent = await Promise.allSettled(calls.map((call) => this.#queue.add({ ...call, payload })));
    for (const [index, outcome] of sent.entries()) {
      if (outcome.status === "rejected") {
        this.#log(`host: ${calls[index]?.topic} was not hung up: ${String(outcome.reason)}`);
      }
    }
  }
}

function isContact(contact: Contact): boolean {
  return contactSchema.safeParse(contact).success;
}
