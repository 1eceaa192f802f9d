// Predicts the calls of two real plugins: the same user actions are performed on two call managers in memory. Actions and
// predictions are limited to what a host can do and see, without the charts' own states.

import { type CallInfoInput, describeCall } from "../../../plugin/calls/call-info.ts";
import type { CallInfo } from "../../../rpc-schema/index.ts";
import type { UserCallEvent, UserMediaEvent } from "../../../statecharts/index.ts";
import { ManagerPair } from "../../statechart/support/manager-pair.ts";
import type { Random } from "../process/seeded-random.ts";

/** Side 0 has the lower peer id, so its call wins the glare. */
export type Side = 0 | 1;

/** Calls are numbered in the order of their start. */
export type UserAction =
  | { what: "start"; who: Side; call: number; media: "audio" | "video" }
  | { what: "startBoth"; call: number }
  | { what: "accept"; who: Side; call: number; media: "audio" | null }
  | { what: "reject" | "hangup"; who: Side; call: number }
  | { what: "setCamera" | "setMicrophone"; who: Side; call: number; on: boolean };

/** The state of a call as its host sees it. */
export interface VisibleCall {
  readonly phase: string;
  readonly media: string;
  readonly microphone: string;
  readonly camera: string;
  readonly remoteMicrophone: string;
  readonly remoteCamera: string;
}

export interface PredictedCalls {
  /** Calls that have not ended, by number. */
  readonly active: ReadonlyMap<number, VisibleCall & { readonly isIncoming: boolean }>;
  /** "reason endedBy" of calls that have ended, by number. */
  readonly ends: ReadonlyMap<number, string>;
}

const QUICK = { loss: 0, duplication: 0, reordering: 0, delayMs: 2 };
/** Longer than any exchange of signals, shorter than any timeout that ends a call. */
const ACTION_MS = 1_500;
/** Longer than all timeouts for a lost path. */
const GIVEN_UP_MS = 60_000;
const NO_DETAILS: CallInfoInput = {
  quality: "unknown",
  createdAt: 0,
  connectedAt: null,
  peerLabel: "",
  negotiated: null,
  sending: { width: 0, height: 0, fps: 0 },
};

/** Before the accept the devices are what the user wants. Only a caller's own picture opens one then, and no signal tells it. */
export function visibleCall({ phase, media, local, remote, wanted }: CallInfo): VisibleCall {
  const stateOf = (kind: "microphone" | "camera") =>
    wanted === undefined ? local[kind].state : `wanted ${wanted[kind] ? "on" : "off"}`;
  return {
    phase,
    media,
    microphone: stateOf("microphone"),
    camera: stateOf("camera"),
    remoteMicrophone: remote.microphone,
    remoteCamera: remote.camera,
  };
}

export class PredictedPair {
  readonly #pair = new ManagerPair(1, QUICK);
  #started = 0;

  start(): Promise<void> {
    return this.#pair.begin();
  }

  [Symbol.dispose](): void {
    this.#pair[Symbol.dispose]();
  }

  async perform(action: UserAction): Promise<void> {
    if (action.what === "startBoth") for (const who of [0, 1] as const) this.#start(who, "video");
    else if (action.what === "start") this.#start(action.who, action.media);
    else this.#send(action.who, action.call, eventOf(action));
    await this.#pair.advance(ACTION_MS);
    for (const { bench } of this.#pair.sides) bench.cameras.emitFrame();
    await this.#pair.advance(10);
  }

  /** Ends one side without any signal, and waits until the other side has given the call up. */
  async killProcess(who: Side): Promise<void> {
    const { bench, peerId } = this.#side(who);
    this.#pair.network.setOnline(peerId, false);
    bench.manager.stop();
    await this.#pair.advance(GIVEN_UP_MS);
  }

  predict(who: Side): PredictedCalls {
    const { bench } = this.#side(who);
    const calls = bench.calls().map((call) => {
      const info = describeCall(call, NO_DETAILS);
      return [
        numberOf(call.callId),
        { ...visibleCall(info), isIncoming: call.direction === "incoming" },
      ] as const;
    });
    const ends = bench.ended.map(
      ({ callId, end }) => [numberOf(callId), `${end.reason} ${end.endedBy}`] as const,
    );
    return { active: new Map(calls), ends: new Map(ends) };
  }

  /** A random action that is possible now. */
  nextAction(random: Random): UserAction {
    const sides = ([0, 1] as const).map((who) => ({ who, ...this.predict(who) }));
    const actions = sides.flatMap(({ who, active }) =>
      [...active].flatMap(([call, known]) => actionsIn(who, call, known)),
    );
    if (actions.length > 0) return random.pick(actions);
    const call = this.#started + 1;
    const starts: UserAction[] = ([0, 1] as const).map((who) => ({
      what: "start",
      who,
      call,
      media: random.pick(["audio", "video"]),
    }));
    return random.pick([...starts, { what: "startBoth", call }]);
  }

  #side(who: Side) {
    const side = this.#pair.sides[who];
    if (!side) throw new Error("the pair has not started");
    return side;
  }

  #start(who: Side, media: "audio" | "video"): void {
    this.#started += 1;
    const { peerId } = this.#side(who === 0 ? 1 : 0);
    this.#side(who).bench.manager.send({
      type: "user.start",
      callId: `call-${this.#started}`,
      peerId,
      media,
    });
  }

  #send(who: Side, call: number, event: UserCallEvent | UserMediaEvent): void {
    this.#side(who).bench.manager.send({ type: "user.toCall", callId: `call-${call}`, event });
  }
}

const numberOf = (callId: string) => Number(callId.slice("call-".length));

function eventOf(
  action: Exclude<UserAction, { what: "start" | "startBoth" }>,
): UserCallEvent | UserMediaEvent {
  switch (action.what) {
    case "accept":
      return { type: "user.accept", media: action.media };
    case "reject":
      return { type: "user.reject", reason: "rejected" };
    case "hangup":
      return { type: "user.hangup" };
    case "setCamera":
    case "setMicrophone":
      return { type: `user.${action.what}`, on: action.on };
  }
}

function actionsIn(who: Side, call: number, known: VisibleCall & { isIncoming: boolean }): UserAction[] {
  const hangup: UserAction = { what: "hangup", who, call };
  if (known.phase === "ringing" && known.isIncoming) {
    const accepts: UserAction[] = ([null, null, "audio"] as const).map((media) => ({
      what: "accept",
      who,
      call,
      media,
    }));
    return [...accepts, { what: "reject", who, call }];
  }
  if (known.phase !== "connected") return [hangup];
  return [
    hangup,
    { what: "setCamera", who, call, on: known.camera !== "live" },
    { what: "setMicrophone", who, call, on: known.microphone !== "live" },
  ];
}
