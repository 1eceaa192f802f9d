// A call manager on a simulated clock, and paths that bring its call into a given state. "We" are alice by default. The other side
// is bob, whose id is higher.

import assert from "node:assert/strict";
import { type Actor, createActor, SimulatedClock } from "xstate";
import { phaseOf } from "../../../plugin/calls/call-info.ts";
import {
  type EndReason,
  type MediaKind,
  type Signal,
  type Timeouts,
  timeoutsSchema,
} from "../../../rpc-schema/index.ts";
import { callWith } from "../../../statecharts/calls/model.ts";
import type {
  CallManagerEvent,
  callManagerMachine,
  EndedCall,
  LinkEvent,
  UserCallEvent,
  UserMediaEvent,
} from "../../../statecharts/index.ts";
import { type Activity, chartsWith, Effects } from "./effects.ts";

export const CALL = "call-1";
export const OFFER = { type: "call-offer", sdp: "remote offer" } as const satisfies Signal;
export const ANSWER = { type: "call-answer", sdp: "remote answer" } as const satisfies Signal;
export const ACK = { type: "call-ack" } as const satisfies Signal;
export const RINGING = { type: "call-ringing" } as const satisfies Signal;
export const CANDIDATE = {
  type: "ice-candidate",
  candidate: { candidate: "candidate:1 1 udp 1 192.0.2.1 9 typ host", sdpMid: "0", sdpMLineIndex: 0 },
} as const satisfies Signal;

export const requestOf = (mediaType: MediaKind = "video"): Signal => ({
  type: "call-request",
  mode: "native",
  mediaType,
});
export const hangupOf = (reason?: EndReason): Signal => ({
  type: "call-hangup",
  ...(reason === undefined ? {} : { reason }),
});

/** Waits until all promises that can settle have settled. */
export const settled = (): Promise<void> => new Promise(setImmediate);

export interface ManagerOptions {
  /** Null: signalling is not ready yet. */
  readonly selfId?: string | null;
  readonly timeouts?: Partial<Timeouts>;
  readonly effects?: Effects;
  readonly clock?: SimulatedClock;
}

export class ManagerBench {
  readonly effects: Effects;
  readonly clock: SimulatedClock;
  readonly actor: Actor<typeof callManagerMachine>;

  constructor({ selfId = "alice", timeouts = {}, effects, clock }: ManagerOptions = {}) {
    this.effects = effects ?? new Effects();
    this.clock = clock ?? new SimulatedClock();
    this.actor = createActor(chartsWith(this.effects).manager, {
      clock: this.clock,
      input: { timeouts: { ...timeoutsSchema.parse({}), ...timeouts } },
    });
    this.actor.start();
    if (selfId !== null) this.actor.send({ type: "signalling.ready", selfId });
  }

  get context() {
    return this.actor.getSnapshot().context;
  }

  async send(event: CallManagerEvent): Promise<void> {
    this.actor.send(event);
    await settled();
  }

  /** Delivers a signal. */
  receive(signal: Signal, { from = "bob", callId = CALL } = {}): Promise<void> {
    return this.send({ type: "signal.received", from, callId, signal });
  }

  startCall({ peerId = "bob", callId = CALL, media = "video" as MediaKind } = {}): Promise<void> {
    return this.send({ type: "user.start", callId, peerId, media });
  }

  /** Sends a user event to a call. */
  sendUserEvent(event: UserCallEvent | UserMediaEvent, callId = CALL): Promise<void> {
    return this.send({ type: "user.toCall", callId, event });
  }

  accept(callId = CALL): Promise<void> {
    return this.sendUserEvent({ type: "user.accept", media: null }, callId);
  }

  hangUp(callId = CALL): Promise<void> {
    return this.sendUserEvent({ type: "user.hangup" }, callId);
  }

  async advance(timeMs: number): Promise<void> {
    this.clock.increment(timeMs);
    await settled();
  }

  /** Sends an event of our WebRTC engine. */
  async sendEngineEvent(event: LinkEvent, callId = CALL): Promise<void> {
    this.activity("peerConnection", callId).send(event);
    await settled();
  }

  activity(name: string, callId = CALL): Activity {
    const activity = this.effects.running(name).find(({ input }) => input.callId === callId);
    return activity ?? assert.fail(`no ${name} runs for ${callId}`);
  }

  call(callId = CALL) {
    return callWith(this.context, callId)?.ref.getSnapshot() ?? assert.fail(`there is no call ${callId}`);
  }

  /** @returns the phase, or "gone" after the manager released the call */
  phase(callId = CALL): string {
    const call = callWith(this.context, callId);
    return call ? phaseOf(call.ref.getSnapshot()) : "gone";
  }

  linkState(callId = CALL): unknown {
    return this.call(callId).children.link?.getSnapshot().value;
  }

  media(callId = CALL) {
    return this.call(callId).children.media?.getSnapshot() ?? assert.fail("the call has no devices");
  }

  ends(): EndedCall[] {
    return this.effects.inputs("notifyHostOfEnd") as EndedCall[];
  }

  /** The reasons of the hang-ups sent within calls. */
  hangups(): unknown[] {
    return this.effects.inputs("sendHangup").map((input) => (input as { reason: string }).reason);
  }

  /** The answers to hang-ups of the other side. */
  answers(): unknown[] {
    return this.effects.inputs("answerHangup");
  }

  refusals(): unknown[] {
    return this.effects.inputs("refuse");
  }

  /** Asserts that the call ended exactly once in this way, and that nothing is open. */
  assertEnded(reason: EndReason, endedBy: "local" | "remote", callId = CALL): void {
    const ends = this.ends().filter((end) => end.callId === callId);
    assert.deepEqual(
      ends.map(({ end }) => [end.reason, end.endedBy]),
      [[reason, endedBy]],
    );
    assert.equal(this.phase(callId), "gone");
    assert.deepEqual(
      this.effects.activities.filter(({ input }) => input.callId === callId).map(({ name }) => name),
      [],
    );
  }
}

/** Our call rings at bob. */
export async function ringingOut(
  options?: ManagerOptions,
  media: MediaKind = "video",
): Promise<ManagerBench> {
  const manager = new ManagerBench(options);
  await manager.startCall({ media });
  await manager.receive(RINGING);
  return manager;
}

/** Bob's call rings at us. */
export async function ringingIn(options?: ManagerOptions, media: MediaKind = "video"): Promise<ManagerBench> {
  const manager = new ManagerBench(options);
  await manager.receive(requestOf(media));
  return manager;
}

/** Bob accepted and has our offer. */
export async function awaitingAnswer(options?: ManagerOptions): Promise<ManagerBench> {
  const manager = await ringingOut(options);
  await manager.receive(ACK);
  return manager;
}

/** We accepted and wait for bob's offer. */
export async function awaitingOffer(
  options?: ManagerOptions,
  media: MediaKind = "video",
): Promise<ManagerBench> {
  const manager = await ringingIn(options, media);
  await manager.accept();
  return manager;
}

/** A call that we started is connected: we are the offerer. */
export async function connectedOut(options?: ManagerOptions): Promise<ManagerBench> {
  const manager = await awaitingAnswer(options);
  await manager.receive(ANSWER);
  await manager.sendEngineEvent({ type: "peer.connected" });
  return manager;
}

/** A call that bob started is connected: we are the answerer. */
export async function connectedIn(
  options?: ManagerOptions,
  media: MediaKind = "video",
): Promise<ManagerBench> {
  const manager = await awaitingOffer(options, media);
  await manager.receive(OFFER);
  await manager.sendEngineEvent({ type: "peer.connected" });
  return manager;
}

/** Every phase of a call, with a path that leads there. */
export const PATHS = {
  placing: async () => {
    const manager = new ManagerBench();
    manager.effects.hold("sendRequest");
    await manager.startCall();
    return manager;
  },
  requested: async () => {
    const manager = new ManagerBench();
    await manager.startCall();
    return manager;
  },
  ringingOut,
  ringingIn,
  awaitingAnswer,
  awaitingOffer,
  connectedOut,
  connectedIn,
  reconnectingOut: async () => {
    const manager = await connectedOut();
    await manager.sendEngineEvent({ type: "peer.disconnected" });
    return manager;
  },
  reconnectingIn: async () => {
    const manager = await connectedIn();
    await manager.sendEngineEvent({ type: "peer.disconnected" });
    return manager;
  },
} as const satisfies Record<string, () => Promise<ManagerBench>>;
export type PathName = keyof typeof PATHS;
