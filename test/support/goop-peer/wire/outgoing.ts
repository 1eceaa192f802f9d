// Applies a peer's quirks to outgoing call messages: reordering, duplicates, early candidates, odd fields.

import { setTimeout as delay } from "node:timers/promises";
import type { Quirks } from "../quirks.ts";
import { asCallMessage, CALL_TOPIC, type CallMessage, isRecord, LOOPBACK_TOPIC } from "./wire.ts";

/** Sends one message. Rejects when it was not acknowledged. */
export type SendRaw = (peerId: string, topic: string, payload: unknown) => Promise<void>;

interface Waiting {
  readonly send: () => Promise<void>;
  readonly done: PromiseWithResolvers<void>;
}

/** Messages within this time are reordered. */
const SHUFFLE_MS = 50;
/** A description waits this long for a candidate to leave before it. */
const CANDIDATE_WAIT_MS = 1_000;

export class Outgoing {
  readonly #quirks: Quirks;
  readonly #sendRaw: SendRaw;
  #batch: Waiting[] = [];
  /** By topic. Resolved when a candidate of that call was sent. */
  readonly #candidateSent = new Map<string, PromiseWithResolvers<void>>();
  readonly #requests = new Map<string, unknown>();

  constructor(quirks: Quirks, sendRaw: SendRaw) {
    this.#quirks = quirks;
    this.#sendRaw = sendRaw;
  }

  async send(peerId: string, topic: string, payload: unknown): Promise<void> {
    const message = topic.startsWith(CALL_TOPIC) ? asCallMessage(payload) : undefined;
    if (!message) return this.#sendRaw(peerId, topic, payload);
    const odd = this.#withOddFields(message);
    if (odd.type === "call-request") this.#requests.set(topic, odd);
    await this.#afterCandidate(topic, odd);
    await this.#shuffled(async () => {
      await this.#sendRaw(peerId, topic, odd);
      if (this.#quirks.duplicates) await this.#sendRaw(peerId, topic, odd);
    });
    if (odd.type === "ice-candidate") this.#candidateSent.get(topic)?.resolve();
    if (odd.type === "call-hangup") await this.#afterHangup(peerId, topic, odd);
  }

  #withOddFields(message: CallMessage): CallMessage {
    const quirks = this.#quirks;
    if (message.type === "call-hangup" && quirks.snakeCaseHangup) return { ...message, channel_id: "sc-1" };
    if (message.type !== "ice-candidate") return message;
    return {
      type: "ice-candidate",
      candidate: {
        ...message.candidate,
        ...(quirks.emptySdpMid ? { sdpMid: "" } : {}),
        ...(quirks.nullUsernameFragment ? { usernameFragment: null } : {}),
      },
    };
  }

  /** The engine gathers candidates as soon as the local description is set, so one arrives during this wait. */
  async #afterCandidate(topic: string, message: CallMessage): Promise<void> {
    if (!this.#quirks.candidatesFirst) return;
    if (message.type !== "call-offer" && message.type !== "call-answer") return;
    const sent = Promise.withResolvers<void>();
    this.#candidateSent.set(topic, sent);
    await Promise.race([sent.promise, delay(CANDIDATE_WAIT_MS, undefined, { ref: false })]);
    this.#candidateSent.delete(topic);
  }

  #shuffled(send: () => Promise<void>): Promise<void> {
    if (!this.#quirks.unordered) return send();
    const done = Promise.withResolvers<void>();
    this.#batch.push({ send, done });
    if (this.#batch.length === 1) setTimeout(() => this.#flush(), SHUFFLE_MS);
    return done.promise;
  }

  #flush(): void {
    for (const { send, done } of this.#batch.splice(0).reverse()) send().then(done.resolve, done.reject);
  }

  /** Sends duplicates, leaked local messages, and the ghost request after the call's end. */
  async #afterHangup(peerId: string, topic: string, hangup: CallMessage): Promise<void> {
    const quirks = this.#quirks;
    for (let more = 1; more < quirks.hangups; more += 1) await this.#sendRaw(peerId, topic, hangup);
    if (quirks.localTopicsLeak) {
      const channel = topic.slice(CALL_TOPIC.length);
      await this.#sendRaw(peerId, `${LOOPBACK_TOPIC}${channel}`, hangup);
      await this.#sendRaw(peerId, topic, { type: "loopback-ice", channel_id: channel, candidate: {} });
      await this.#sendRaw(peerId, "log:call", { level: "warn", source: "media", msg: "leaked", ts: 1 });
    }
    const request = this.#requests.get(topic);
    if (quirks.ghostRequests && isRecord(request)) await this.#sendRaw(peerId, topic, request);
  }
}
