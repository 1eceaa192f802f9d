// The signals between both peers, read from the log. A received signal is an event of the call manager. A sent signal is an
// effect or an action of a chart.

import type { ChartLogEntry } from "../../../rpc-schema/index.ts";
import { isRecord } from "../../describe/is-record.ts";
import type { Charts } from "./chart-index.ts";
import { parentPath } from "./story.ts";

export interface Message {
  /** Place in the log. */
  readonly index: number;
  readonly tMs: number;
  readonly direction: "in" | "out";
  /** The type of the signal on the wire. */
  readonly name: string;
  readonly callId: string;
  /** Result of the delivery, if it is known; `unconfirmed` if the sender does not wait for it. */
  outcome: "pending" | "delivered" | "failed" | "unconfirmed";
  /** A short summary of its content. */
  readonly note: string;
}

/** Effects and actions that send a signal, with the type of the signal. */
const SENT: Readonly<Record<string, string>> = {
  sendRequest: "call-request",
  sendAccept: "call-ack",
  sendRinging: "call-ringing",
  sendHangup: "call-hangup",
  answerHangup: "call-hangup (answer)",
  refuse: "call-hangup (refused)",
  sendOffer: "call-offer",
  sendAnswer: "call-answer",
  sendLocalCandidate: "ice-candidate",
  sendMediaState: "call-media",
  sendReconnect: "call-reconnect",
  sendReconnectAck: "call-reconnect-ack",
};
/** xstate's name for an effect without an id: its index and its state, such as `0.call.placing`. */
const UNNAMED = /^(\d+)\.(.+)$/;

export class Messages {
  readonly #charts: Charts;
  readonly #chartOf = new Map<string, string>();
  readonly #pending = new Map<string, Message>();
  #all: Message[] = [];

  constructor(charts: Charts) {
    this.#charts = charts;
  }

  get all(): readonly Message[] {
    return this.#all;
  }

  add(entry: ChartLogEntry, index: number): void {
    if (entry.kind === "actor") this.#effect(entry, index);
    else if (entry.kind === "step") this.#actions(entry, index);
    else if (entry.kind === "event") this.#event(entry, index);
  }

  dropBefore(first: number): void {
    if ((this.#all[0]?.index ?? first) < first) this.#all = this.#all.filter(({ index }) => index >= first);
  }

  #effect({ id, t, chart }: Extract<ChartLogEntry, { kind: "actor" }>, index: number): void {
    if (chart !== null) {
      this.#chartOf.set(id, chart);
      return;
    }
    const name = SENT[effectName(id, this.#charts.get(this.#chartOf.get(parentPath(id)) ?? "")) ?? ""];
    if (name === undefined) return;
    const message = out(index, t, name, id, "pending");
    this.#pending.set(id, message);
    this.#all.push(message);
  }

  #actions({ id, t, actions }: Extract<ChartLogEntry, { kind: "step" }>, index: number): void {
    for (const action of actions) {
      const name = SENT[action];
      if (name !== undefined) this.#all.push(out(index, t, name, id, "unconfirmed"));
    }
  }

  #event({ t, from, event }: Extract<ChartLogEntry, { kind: "event" }>, index: number): void {
    const sent = this.#pending.get(from ?? "");
    if (sent && /^xstate\.(done|error)\.actor\./.test(event.type)) {
      sent.outcome = event.type.startsWith("xstate.done.") ? "delivered" : "failed";
      this.#pending.delete(from ?? "");
    }
    if (event.type !== "signal.received") return;
    const signal = recordOf(event.signal);
    const callId = String(event.callId ?? "");
    const name = String(signal.type ?? "unknown");
    this.#all.push({
      index,
      tMs: t,
      direction: "in",
      name,
      callId,
      outcome: "unconfirmed",
      note: noteOf(signal),
    });
  }
}

function out(index: number, tMs: number, name: string, path: string, outcome: Message["outcome"]): Message {
  const callId = /call:([^/]+)/.exec(path)?.[1] ?? "";
  return { index, tMs, direction: "out", name, callId, outcome, note: "" };
}

/** @returns the name of an invoked effect, from the description of its state */
function effectName(path: string, chart: ReturnType<Charts["get"]>): string | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const [, place, state] = UNNAMED.exec(name) ?? [];
  if (place === undefined || state === undefined) return name;
  return chart?.states.get(state)?.invoke[Number(place)];
}

/** Short values only. The payload view shows long descriptions and candidates. */
function noteOf(signal: Readonly<Record<string, unknown>>): string {
  const { type: _, sdp, candidate, ...rest } = signal;
  const parts = Object.entries(rest)
    .filter(([, value]) => ["string", "number", "boolean"].includes(typeof value))
    .map(([key, value]) => `${key} ${value}`);
  if (typeof sdp === "string") parts.push(`${sdp.length} characters`);
  const text = recordOf(candidate).candidate;
  if (typeof text === "string") parts.push(/ typ (\w+)/.exec(text)?.[1] ?? "end");
  return parts.join(", ");
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}
