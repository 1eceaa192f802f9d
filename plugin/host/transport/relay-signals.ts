// Relays signals between one plugin and the host's transport, in order in both directions. Hangs up for a plugin that has
// died, because its peers would wait for it.

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
import { withDeadline } from "../../common/deadline.ts";
import { errorText } from "../../common/error-text.ts";
import type { HostLink } from "../../rpc/host-link.ts";
import type { HostTransport, TransportMessage } from "./host-transport.ts";
import { isHangup, TopicQueue } from "./topic-queue.ts";

/** A plugin with so many unanswered deliveries is stuck. Further messages are dropped. */
const MAX_OPEN_DELIVERIES = 512;
/** Messages held while the plugin starts, which takes less than a second. */
const MAX_HELD_MESSAGES = 256;
/** Calls to hang up. A plugin has one call at a time and refuses the others at once. */
const MAX_CALLS = 256;
/** The contract's limit. */
const MAX_CONTACTS = 4_096;
/** Goop² sends such messages to itself. */
const LOOPBACK_PREFIX = "call:loopback:";
/** The plugin waits 6 s for the answer to `signal.send`. */
const ANSWER_MS = 5_000;
const PLUGIN_DIED: EndReason = "hostGone";

/** One relay for each plugin process. */
export interface SignalRelay {
  /** Sends contacts and messages from now on. Call this after `initialized`. */
  begin(): void;
  /** The plugin has ended. Resolves when all its calls are hung up or their peers were unreachable. Idempotent. */
  end(): Promise<void>;
  /** Exempts a call from the hang-up, because the next plugin resumes it. Call this before `end`. @returns it, for the next relay */
  handOver(callId: string): readonly RelayedCall[];
}

/** A call that is hung up when the plugin dies. */
export type RelayedCall = Pick<TransportMessage, "peerId" | "topic">;

/**
 * Serves the plugin's `signal.send` from now on.
 * @param calls calls of a dead plugin that this one resumes
 */
export function relaySignals(
  link: HostLink,
  transport: HostTransport,
  log: (line: string) => void,
  calls: readonly RelayedCall[] = [],
): SignalRelay {
  return new PluginSignalRelay(link, transport, log, calls);
}

class PluginSignalRelay implements SignalRelay {
  readonly #link: HostLink;
  readonly #transport: HostTransport;
  readonly #log: (line: string) => void;
  readonly #queue: TopicQueue;
  readonly #calls = new BoundedMap<string, RelayedCall>(MAX_CALLS);
  readonly #stopListening: () => void;
  #heldMessages: TransportMessage[] | null = [];
  #openDeliveries = 0;
  #dropped = 0;
  #ended: Promise<void> | undefined;

  constructor(
    link: HostLink,
    transport: HostTransport,
    log: (line: string) => void,
    calls: readonly RelayedCall[],
  ) {
    for (const call of calls) this.#remember(call);
    this.#link = link;
    this.#transport = transport;
    this.#log = log;
    this.#queue = new TopicQueue((message) =>
      withDeadline(ANSWER_MS, undefined, "the peer's acknowledgement", () => transport.send(message)),
    );
    this.#stopListening = transport.listen({
      onMessage: (message) => this.#receive(message),
      onContacts: () => this.#sendContacts(),
    });
    link.onRequest("signal.send", (message) => this.#send(message));
    link.onNotification("call.ended", ({ peerId, callId }) => this.#forget(peerId, `call:${callId}`));
    link.onNotification("availability.changed", (availability) => transport.setAvailability(availability));
  }

  begin(): void {
    const held = this.#heldMessages ?? [];
    this.#heldMessages = null;
    this.#sendContacts();
    for (const message of held) this.#deliver(message);
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
    else this.#remember(message);
    try {
      await this.#queue.add(message);
      return null;
    } catch (error) {
      throw new RpcError("peerUnreachable", errorText(error));
    }
  }

  #receive(message: TransportMessage): void {
    if (this.#ended || message.topic.startsWith(LOOPBACK_PREFIX)) return;
    if (this.#heldMessages === null) this.#deliver(message);
    else if (this.#heldMessages.length < MAX_HELD_MESSAGES) this.#heldMessages.push(message);
    else this.#drop("the plugin is still starting");
  }

  #deliver(message: TransportMessage): void {
    const params = { from: message.peerId, topic: message.topic, payload: message.payload };
    if (!methods["signal.deliver"].params.safeParse(params).success) {
      this.#drop(`a message on ${JSON.stringify(message.topic.slice(0, 80))} is not a call's`);
    } else if (this.#openDeliveries >= MAX_OPEN_DELIVERIES) {
      this.#drop("the plugin answers no deliveries");
    } else {
      if (message.payload.type === "call-request") this.#remember(message);
      if (isHangup(message)) this.#forget(message.peerId, message.topic);
      void this.#request(params);
    }
  }

  /** Writes the request at once, so that the plugin reads deliveries in order without waiting for answers. */
  async #request(params: Params<"signal.deliver">): Promise<void> {
    this.#openDeliveries += 1;
    try {
      await this.#link.request("signal.deliver", params);
    } catch (error) {
      this.#log(`host: a signal was not delivered: ${String(error)}`);
    } finally {
      this.#openDeliveries -= 1;
    }
  }

  /** Logs each power of ten only, so that a flood cannot fill the log. */
  #drop(why: string): void {
    this.#dropped += 1;
    if (/^10*$/.test(String(this.#dropped))) this.#log(`host: ${this.#dropped} signals dropped: ${why}`);
  }

  #sendContacts(): void {
    if (this.#heldMessages !== null || this.#ended) return;
    const contacts = this.#transport.contacts().filter(isContact).slice(0, MAX_CONTACTS);
    this.#link.notify("contacts.set", { contacts });
  }

  #remember({ peerId, topic }: RelayedCall): void {
    this.#calls.set(`${peerId} ${topic}`, { peerId, topic });
  }

  #forget(peerId: string, topic: string): void {
    this.#calls.delete(`${peerId} ${topic}`);
  }

  async #hangUpAll(): Promise<void> {
    this.#stopListening();
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    const payload = { type: "call-hangup", reason: PLUGIN_DIED };
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
