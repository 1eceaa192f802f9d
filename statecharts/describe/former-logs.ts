// Chart logs of earlier charts, rewritten into what the charts do now, so that a replay of the result shows no difference.
// Version 1 had other names. Logs of both versions may lack the answer to a hang-up, which calls did not send
// at first, and the region of the shared screen.
// This is the only module that knows the former names.

import type { ChartLogEntry, TakenTransition } from "../../rpc-schema/index.ts";
import { isRecord } from "./is-record.ts";

/** @returns the entries one for one, as today's charts write them */
export function upgradeChartLog(log: readonly ChartLogEntry[]): ChartLogEntry[] {
  return (isFormer(log) ? log.map(currentEntry) : log).map(withAnswer).map(withScreen);
}

/** The media chart had no region for the screen at first. */
function withScreen(entry: ChartLogEntry): ChartLogEntry {
  if (entry.kind !== "step") return entry;
  const { value } = entry;
  if (!isRecord(value) || "screen" in value) return entry;
  const isOfMedia = ["camera", "microphone", "speaker"].every((region) => region in value);
  return isOfMedia ? { ...entry, value: { ...value, screen: "off" } } : entry;
}

/** The action came without a new version: readers of version 2 only show it. */
const ANSWER = "answerHangup";

/** A call that ends without a hang-up of its own was ended by the other side. */
function withAnswer(entry: ChartLogEntry): ChartLogEntry {
  if (entry.kind !== "step" || entry.actions.includes(ANSWER)) return entry;
  const isEndedThere = entry.taken.some(
    ({ from, to }) => from !== "call.ending" && to.includes("call.ended"),
  );
  return isEndedThere ? { ...entry, actions: [...entry.actions, ANSWER] } : entry;
}

/** A bundle without a recording has no head, but it lists the root of all calls. */
function isFormer(log: readonly ChartLogEntry[]): boolean {
  return log.some((entry) =>
    entry.kind === "log" ? entry.version === 1 : entry.kind === "actor" && entry.chart === FORMER_ROOT,
  );
}

const FORMER_ROOT = "desk";
const ROOT = "callManager";

const STATES: Readonly<Record<string, string>> = {
  "call.standingBy": "call.waiting",
  "link.recovering.asking": "link.recovering.requestingReconnect",
  "link.recovering.reminding": "link.recovering.repeatingAccept",
  "link.recovering.seeking": "link.recovering.choosing",
  "link.recovering.unheard": "link.recovering.retryingReconnect",
};
/** The last part of each state above, as a state value has it. No other state of any chart has one of these names. */
const STATE_KEYS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(STATES).map((pair) => pair.map((id) => id.slice(id.lastIndexOf(".") + 1))),
);

const EVENTS: Readonly<Record<string, string>> = {
  "desk.close": "manager.close",
  "desk.end": "manager.end",
  "desk.free": "manager.lineFree",
  "devices.known": "devices.updated",
  "picture.held": "video.pauseChanged",
  "settings.picture": "settings.videoChanged",
  "settings.voice": "settings.voiceChanged",
};

/** Delays, as the name of the event at their end has them. */
const DELAYS: Readonly<Record<string, string>> = {
  askAgainTime: "reconnectRetryTime",
  standbyTimeout: "waitingTimeout",
};

/** Effects that have a name of their own. */
const EFFECTS: Readonly<Record<string, string>> = { watchDevices: "deviceList" };

/** Actions that the environment provides. A log does not name the others. */
const ACTIONS: Readonly<Record<string, string>> = {
  announce: "sendMediaState",
  announceCall: "notifyHostOfCall",
  announceEnd: "notifyHostOfEnd",
};

/** Guards that can refuse an event, as the text of the refusal has them. */
const GUARDS: Readonly<Record<string, string>> = {
  isNew: "isNewDescription",
  isNews: "isPauseChange",
  isOfSending: "isSendDirection",
};

/** Keys of contexts and events, at any depth. */
const KEYS: Readonly<Record<string, string>> = {
  around: "environment",
  before: "resumed",
  held: "heldCandidates",
  instead: "substitute",
  isAnnounced: "isKnownToHost",
  isPictureNew: "isVideoChanged",
  isReturning: "isResumed",
  isStandingBy: "isWaiting",
  isVoiceNew: "isVoiceChanged",
  lastMove: "lastStep",
  news: "change",
  pictureHeld: "videoPauseReason",
  relapses: "failedStepUps",
  remembered: "endedCalls",
  rounds: "retryRounds",
  rung: "mediaLevel",
  rungWhy: "mediaLevelReason",
  strayedSignals: "unmatchedSignals",
  tried: "failedIds",
  way: "direction",
  whyOver: "whyNotResumable",
  wished: "preferred",
};
/** Texts that a chart made itself. */
const TEXTS: Readonly<Record<string, string>> = {
  "nothing can carry it": "there is no capacity for it",
  "the plugin was started anew and is another peer now":
    "the plugin was restarted and has another peer id now",
};
/** `before` meant two things: in the media chart's view of the machine it was the previous list of devices. */
const KEYS_OF_ENVIRONMENT: Readonly<Record<string, string>> = { ...KEYS, before: "previousDevices" };
function currentEntry(entry: ChartLogEntry): ChartLogEntry {
  switch (entry.kind) {
    case "log":
      return { ...entry, version: 2 };
    case "actor":
      return { ...entry, id: currentPath(entry.id), chart: entry.chart === FORMER_ROOT ? ROOT : entry.chart };
    case "event": {
      const from = entry.from === null ? null : currentPath(entry.from);
      const event = { ...currentFields(entry.event), type: currentEvent(entry.event.type) };
      return { ...entry, to: currentPath(entry.to), from, event };
    }
    case "step":
      return currentStep(entry);
  }
}

function currentStep(step: Extract<ChartLogEntry, { kind: "step" }>): ChartLogEntry {
  const { delays, refused } = step;
  return {
    ...step,
    id: currentPath(step.id),
    event: currentEvent(step.event),
    value: typeof step.value === "string" ? nameIn(STATE_KEYS, step.value) : currentValue(step.value),
    changed: currentFields(step.changed),
    taken: step.taken.map(currentTransition),
    actions: step.actions.map((action) => nameIn(ACTIONS, action)),
    ...(delays ? { delays: withKeys(delays, currentEvent) } : {}),
    ...(refused === undefined ? {} : { refused: currentRefusal(refused) }),
  };
}

function currentTransition(transition: TakenTransition): TakenTransition {
  const { from, on, to } = transition;
  return { ...transition, from: currentState(from), on: currentEvent(on), to: to.map(currentState) };
}

/** `desk/call:ID/link/0.link.recovering.asking`; a call's id is the peer's choice and stays. */
function currentPath(path: string): string {
  const [root = "", ...within] = path.split("/");
  const rest = within.map((name) => (name.startsWith("call:") ? name : currentActor(name)));
  return [root === FORMER_ROOT ? ROOT : root, ...rest].join("/");
}

/** An effect without a name of its own is called by its place and its state: `0.call.placing`. */
function currentActor(name: string): string {
  const [, place = "", state] = /^(\d+\.)(.+)$/.exec(name) ?? [];
  return state === undefined ? nameIn(EFFECTS, name) : `${place}${currentState(state)}`;
}

function currentState(id: string): string {
  if (id === FORMER_ROOT || id.startsWith(`${FORMER_ROOT}.`)) return ROOT + id.slice(FORMER_ROOT.length);
  return nameIn(STATES, id);
}

function currentEvent(type: string): string {
  const [, kind = "", rest] = /^(xstate\.(?:done|error)\.actor\.|xstate\.after\.)(.+)$/.exec(type) ?? [];
  if (rest === undefined) return nameIn(EVENTS, type);
  if (kind !== "xstate.after.") return kind + (rest.startsWith("call:") ? rest : currentActor(rest));
  const [delay = "", ...state] = rest.split(".");
  return `${kind}${nameIn(DELAYS, delay)}.${currentState(state.join("."))}`;
}

function currentValue(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      nameIn(STATE_KEYS, key),
      typeof inner === "string" ? nameIn(STATE_KEYS, inner) : isRecord(inner) ? currentValue(inner) : inner,
    ]),
  );
}

function currentFields(fields: object, keys = KEYS): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [nameIn(keys, key), currentField(key, value)]),
  );
}

function currentField(key: string, value: unknown): unknown {
  if (typeof value === "string") {
    if (key === "$actor") return currentPath(value);
    if (key === "detail" || key === "why") return nameIn(TEXTS, value);
    return key === "actorId" && !value.startsWith("call:") ? currentActor(value) : value;
  }
  if (Array.isArray(value)) return value.map((one) => (isRecord(one) ? currentFields(one) : one));
  // A signal stays as the wire had it.
  if (!isRecord(value) || key === "signal") return value;
  if (key === "calls") return currentCalls(value);
  return currentFields(value, key === "around" ? KEYS_OF_ENVIRONMENT : KEYS);
}

function currentCalls(calls: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(calls).map(([callId, call]) => [callId, isRecord(call) ? currentFields(call) : call]),
  );
}

/** The texts of a refused event, see record/refusal.ts. */
function currentRefusal(text: string): string {
  const [, event] = /^no state that is active takes (.+)$/.exec(text) ?? [];
  if (event !== undefined) return `no state that is active takes ${currentEvent(event)}`;
  const [, guards] = /^kept back by (.+)$/.exec(text) ?? [];
  if (guards === undefined) return text;
  const names = guards.split(", ").map((guard) => nameIn(GUARDS, guard));
  return `kept back by ${names.join(", ")}`;
}

function withKeys<V>(
  record: Readonly<Record<string, V>>,
  rename: (key: string) => string,
): Record<string, V> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [rename(key), value]));
}

/** By own property, since a name may be `constructor`. */
function nameIn(names: Readonly<Record<string, string>>, name: string): string {
  return Object.hasOwn(names, name) ? (names[name] ?? name) : name;
}
