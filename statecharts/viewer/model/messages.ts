// The messages between both peers, read off the log: what arrived is an event of the call manager, what was sent is an effect
// that began or an action that a chart took.

import type { ChartLogEntry } from "../../../rpc-schema/index.ts";
import type { Charts } from "./chart-index.ts";
import { parentPath } from "./story.ts";

export interface Message {
  /** Place in the log. */
  readonly index: number;
  readonly tMs: number;
  readonly direction: "in" | "out";
  /** As the wire calls it where it arrived; after the effect where it was sent. */
  readonly name: string;
  readonly callId: string;
  /** Where it is known: what a promise to send came to. */
  outcome: "under way" | "delivered" | "failed" | "told";
  /** What can be said of its content in short. */
  readonly note: string;
}

/** Effects and actions that say something to the peer, by the name of what the wire carries then. */
const SENT: Readonly<Record<string, string>> = {
  sendRequest: "call-request",
  sendAccept: "call-ack",
  sendRinging: "call-ringing",
  sendHangup: "call-hangup",
  refuse: "call-hangup (refused)",
  sendOffer: "call-offer",
  sendAnswer: "call-answer",
  sendLocalCandidate: "ice-candidate",
  sendMediaState: "call-media",
  sendReconnect: "call-reconnect",
  sendReconnectAck: "call-reconnect-ack",
};
/** As the name of an effect shows that has none of its own: its place among its state's, and the state. */
const UNNAMED = /^(\d+)\.(.+)$/;

export class Messages {
  readonly #charts: Charts;
  readonly #chartOf = new Map<string, string>();
  readonly #underWay = new Map<string, Message>();
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
    const message = out(index, t, name, id, "under way");
    this.#underWay.set(id, message);
    this.#all.push(message);
  }

  #actions({ id, t, actions }: Extract<ChartLogEntry, { kind: "step" }>, index: number): void {
    for (const action of actions) {
      const name = SENT[action];
      if (name !== undefined) this.#all.push(out(index, t, name, id, "told"));
    }
  }

  #event({ t, from, event }: Extract<ChartLogEntry, { kind: "event" }>, index: number): void {
    const sent = this.#underWay.get(from ?? "");
    if (sent && /^xstate\.(done|error)\.actor\./.test(event.type)) {
      sent.outcome = event.type.startsWith("xstate.done.") ? "delivered" : "failed";
      this.#underWay.delete(from ?? "");
    }
    if (event.type !== "signal.received") return;
    const signal = recordOf(event.signal);
    const callId = String(event.callId ?? "");
    const name = String(signal.type ?? "unknown");
    this.#all.push({ index, tMs: t, direction: "in", name, callId, outcome: "told", note: noteOf(signal) });
  }
}

function out(index: number, tMs: number, name: string, path: string, outcome: Message["outcome"]): Message {
  const callId = /call:([^/]+)/.exec(path)?.[1] ?? "";
  return { index, tMs, direction: "out", name, callId, outcome, note: "" };
}

/** The name of what a state invoked, from the state's description. */
export function effectName(path: string, chart: ReturnType<Charts["get"]>): string | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const [, place, state] = UNNAMED.exec(name) ?? [];
  if (place === undefined || state === undefined) return name;
  return chart?.states.get(state)?.state.invoke[Number(place)];
}

/** Sizes and words only: descriptions and candidates are long, and stand in the payload. */
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
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
