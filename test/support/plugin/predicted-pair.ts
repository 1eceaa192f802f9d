// What the charts foretell of two users' deeds: the same deeds are done to two desks in memory, whose hosts would then be told
// this. Everything here is what a host can do and hear; nothing is a chart's own state.

import { type CallInfoInput, describeCall } from "../../../plugin/calls/call-info.ts";
import type { CallInfo } from "../../../rpc-schema/index.ts";
import type { UserCallEvent, UserMediaEvent } from "../../../statecharts/index.ts";
import { ManagerPair } from "../../statechart/support/manager-pair.ts";
import type { Random } from "../process/seeded-random.ts";

/** The one with the lower peer id, and the other: of two crossed calls the one's stays. */
export type Side = 0 | 1;

/** What a user does; calls are numbered in the order in which they are begun. */
export type UserAction =
  | { what: "start"; who: Side; call: number; media: "audio" | "video" }
  | { what: "startBoth"; call: number }
  | { what: "accept"; who: Side; call: number; media: "audio" | null }
  | { what: "reject" | "hangup"; who: Side; call: number }
  | { what: "setCamera" | "setMicrophone"; who: Side; call: number; on: boolean };

/** What a host knows of a call. */
export interface VisibleCall {
  readonly phase: string;
  readonly media: string;
  readonly microphone: string;
  readonly camera: string;
  readonly remoteMicrophone: string;
  readonly remoteCamera: string;
}

export interface PredictedCalls {
  /** Of calls that go on, by number. */
  readonly calls: ReadonlyMap<number, VisibleCall & { readonly isIncoming: boolean }>;
  /** "reason endedBy" of calls that are over, by number. */
  readonly ends: ReadonlyMap<number, string>;
}

const QUICK = { loss: 0, duplication: 0, reordering: 0, delayMs: 2 };
/** More than any exchange takes, less than any wait of the charts that ends a call. */
const DEED_MS = 1_500;
/** More than all waits for a lost path. */
const GIVEN_UP_MS = 60_000;
const NO_FACTS: CallInfoInput = {
  quality: "unknown",
  createdAt: 0,
  connectedAt: null,
  peerLabel: "",
  negotiated: null,
  sending: { width: 0, height: 0, fps: 0 },
};

export function visibleCall({ phase, media, local, remote }: CallInfo): VisibleCall {
  return {
    phase,
    media,
    microphone: local.microphone.state,
    camera: local.camera.state,
    remoteMicrophone: remote.microphone,
    remoteCamera: remote.camera,
  };
}

export class PredictedPair {
  readonly #pair = new ManagerPair(1, QUICK);
  #begun = 0;

  start(): Promise<void> {
    return this.#pair.begin();
  }

  async perform(deed: UserAction): Promise<void> {
    if (deed.what === "startBoth") for (const who of [0, 1] as const) this.#start(who, "video");
    else if (deed.what === "start") this.#start(deed.who, deed.media);
    else this.#wants(deed.who, deed.call, wishOf(deed));
    await this.#pair.passes(DEED_MS);
    for (const { bench } of this.#pair.sides) bench.cameras.emitPicture();
    await this.#pair.passes(10);
  }

  /** Its process is gone, without a word; and time passes until the other side has given it up. */
  async killProcess(who: Side): Promise<void> {
    const { bench, peerId } = this.#side(who);
    this.#pair.network.setOnline(peerId, false);
    bench.manager.stop();
    await this.#pair.passes(GIVEN_UP_MS);
  }

  predict(who: Side): PredictedCalls {
    const { bench } = this.#side(who);
    const calls = bench.calls().map((call) => {
      const info = describeCall(call, NO_FACTS);
      return [
        numberOf(call.callId),
        { ...visibleCall(info), isIncoming: call.direction === "incoming" },
      ] as const;
    });
    const ends = bench.ended.map(
      ({ callId, end }) => [numberOf(callId), `${end.reason} ${end.endedBy}`] as const,
    );
    return { calls: new Map(calls), ends: new Map(ends) };
  }

  /** What the users can do now. */
  nextAction(random: Random): UserAction {
    const sides = ([0, 1] as const).map((who) => ({ who, ...this.predict(who) }));
    const deeds = sides.flatMap(({ who, calls }) =>
      [...calls].flatMap(([call, known]) => deedsIn(who, call, known)),
    );
    if (deeds.length > 0) return random.pick(deeds);
    const call = this.#begun + 1;
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
    if (!side) throw new Error("the pair has not begun");
    return side;
  }

  #start(who: Side, media: "audio" | "video"): void {
    this.#begun += 1;
    const { peerId } = this.#side(who === 0 ? 1 : 0);
    this.#side(who).bench.manager.send({ type: "user.start", callId: `call-${this.#begun}`, peerId, media });
  }

  #wants(who: Side, call: number, event: UserCallEvent | UserMediaEvent): void {
    this.#side(who).bench.manager.send({ type: "user.toCall", callId: `call-${call}`, event });
  }
}

const numberOf = (callId: string) => Number(callId.slice("call-".length));

function wishOf(deed: Exclude<UserAction, { what: "start" | "startBoth" }>): UserCallEvent | UserMediaEvent {
  switch (deed.what) {
    case "accept":
      return { type: "user.accept", media: deed.media };
    case "reject":
      return { type: "user.reject", reason: "rejected" };
    case "hangup":
      return { type: "user.hangup" };
    case "setCamera":
    case "setMicrophone":
      return { type: `user.${deed.what}`, on: deed.on };
  }
}

function deedsIn(who: Side, call: number, known: VisibleCall & { isIncoming: boolean }): UserAction[] {
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
