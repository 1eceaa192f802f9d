// Two call managers with the product's effects, connected by signalling that loses, duplicates and reorders messages. The users
// act at random. All random tests use this pair.

import assert from "node:assert/strict";
import { phaseOf } from "../../../plugin/calls/call-info.ts";
import type { CallManager } from "../../../plugin/calls/call-manager.ts";
import type { Signalling } from "../../../plugin/signalling/port.ts";
import type { EndReason } from "../../../rpc-schema/index.ts";
import type { ManagedCall, Measured, UserCallEvent, UserMediaEvent } from "../../../statecharts/index.ts";
import { EventClock } from "../../support/charts/event-clock.ts";
import { FakeCameras } from "../../support/fakes/fake-cameras.ts";
import { createFakeSignallingNetwork, type FakeFaults } from "../../support/fakes/fake-signalling.ts";
import { CallBench, settle } from "../../support/plugin/call-bench.ts";
import type { Random } from "../../support/process/seeded-random.ts";

/** Turns of the event loop that the fakes need. */
const TURNS = 6;
const REFUSALS: readonly EndReason[] = ["busy", "superseded", "unknownCall", "cancelled", "videoDisabled"];
const DEVICE_PHASES = ["connecting", "connected", "reconnecting"];

export class ManagerPair {
  readonly clock = new EventClock();
  readonly network;
  readonly sides: { bench: CallBench; signalling: Signalling; peerId: string }[] = [];
  readonly #beforeStart: (manager: CallManager) => void;
  #calls = 0;

  /** @param beforeStart gets each manager before its first step */
  constructor(
    seed: number,
    faults: Partial<FakeFaults>,
    beforeStart: (manager: CallManager) => void = () => undefined,
  ) {
    this.#beforeStart = beforeStart;
    this.network = createFakeSignallingNetwork({ seed, faults, clock: this.clock });
  }

  async begin(): Promise<void> {
    for (const label of ["alice", "bob"]) {
      const signalling: Signalling = this.network.create(
        { label, mdns: true },
        {
          onSignal: (from, callId, signal) => bench.receiveSignal(from, callId, signal),
          onContacts: () => undefined,
          onAddressChange: () => undefined,
        },
      );
      const { peerId } = await signalling.start();
      const bench = new CallBench({
        clock: this.clock,
        selfId: peerId,
        send: (...message) => signalling.send(...message),
        beforeStart: this.#beforeStart,
      });
      this.sides.push({ bench, signalling, peerId });
    }
  }

  /** Ends what still runs. A connected call has a timer of real time, which would keep the process of the test. */
  [Symbol.dispose](): void {
    for (const { bench } of this.sides) bench.manager.stop();
  }

  async advance(timeMs: number): Promise<void> {
    // The effects of the last action come before those of time.
    await this.#settles();
    await this.clock.passes(timeMs, () => this.#settles());
  }

  async #settles(): Promise<void> {
    await settle(TURNS);
    this.#loseDeadPaths();
  }

  /** Simulates consent checks (RFC 7675): a connection is lost when its remote end is closed. */
  #loseDeadPaths(): void {
    const [one, other] = this.sides.map(({ bench }) => bench);
    for (const [here, there] of [
      [one, other],
      [other, one],
    ]) {
      if (there?.open().includes("peer")) continue;
      for (const peer of here?.engine.peers ?? []) {
        if (!peer.isClosed && peer.connectionState === "connected") peer.disconnect();
      }
    }
  }

  act(random: Random): void {
    const side = random.pick(this.sides);
    const other = this.sides.find((candidate) => candidate !== side) ?? side;
    const { manager, engine } = side.bench;
    const call = side.bench.calls().at(-1);
    const want = (event: UserCallEvent | UserMediaEvent) => {
      if (call) manager.send({ type: "user.toCall", callId: call.callId, event });
    };
    const livePeer = engine.peers.findLast((peer) => !peer.isClosed);
    const actions: (() => void)[] = [
      () => this.start(side, other.peerId, random),
      () => this.start(side, other.peerId, random),
      () => want({ type: "user.accept", media: random.pick(["audio", "video", null]) }),
      () => want({ type: "user.accept", media: null }),
      () => want({ type: "user.reject", reason: "rejected" }),
      () => want({ type: "user.hangup" }),
      () => want({ type: "user.setCamera", on: random.chance(0.5) }),
      () => want({ type: "user.setMicrophone", on: random.chance(0.5) }),
      () => want({ type: "user.useCamera", deviceId: "test-pattern" }),
      () => want({ type: "user.useMicrophone", deviceId: random.pick(["tone", "fake:mic"]) }),
      () => side.bench.cameras.emitFrame(),
      () => side.bench.cameras.openNow[0]?.unplug(),
      () => side.bench.cameras.change(random.chance(0.5) ? [] : new FakeCameras().devices),
      () => side.bench.sound.lose("microphone", "unplugged"),
      () => call && side.bench.environment.measurements.publish(call.callId, randomMeasurements(random)),
      () => livePeer?.disconnect(),
      () => livePeer?.fail(),
      () => livePeer?.recover(),
      () => this.network.setOnline(side.peerId, random.chance(0.7)),
    ];
    random.pick(actions)();
  }

  start({ bench }: { bench: CallBench }, peerId: string, random: Random): void {
    this.#calls += 1;
    const media = random.pick(["audio", "video"] as const);
    bench.manager.send({ type: "user.start", callId: `call-${this.#calls}`, peerId, media });
  }

  phases(): string[] {
    return this.sides.map(({ bench }) => bench.calls().map(describeCall).sort().join(", "));
  }

  /** Asserts that nothing is open without a call that was started or accepted here. */
  assertDevicesFitCalls(hint: string): void {
    for (const { bench } of this.sides) {
      const isInCall = bench.calls().some((call) => DEVICE_PHASES.includes(phaseOf(call.ref.getSnapshot())));
      if (!isInCall) assert.deepEqual(bench.open(), [], hint);
    }
  }

  assertAllOver(hint: string): void {
    assert.deepEqual(this.phases(), ["", ""], hint);
    for (const { bench } of this.sides) {
      assert.deepEqual(bench.open(), [], hint);
      const ended = bench.ended.map(({ callId }) => callId).sort();
      assert.deepEqual(ended, bench.announced.map(({ callId }) => callId).sort(), hint);
      assert.deepEqual(Object.keys(bench.manager.getSnapshot().children), [], hint);
      assert.equal(bench.manager.getSnapshot().context.foreignSignals, 0, hint);
    }
  }

  /** Asserts that a call which ended as remote was ended by the other side for the same reason. */
  assertEndsAgree(hint: string): void {
    const [one, other] = this.sides.map(({ bench }) => bench);
    for (const [here, there] of [
      [one, other],
      [other, one],
    ]) {
      for (const { callId, end } of here?.ended ?? []) {
        if (end.endedBy !== "remote") continue;
        const theirs = there?.ended.find((ended) => ended.callId === callId);
        // A side without the call refuses a caller without ringing.
        const truth = theirs
          ? [theirs.end.reason, theirs.end.endedBy]
          : REFUSALS.find((one) => one === end.reason);
        assert.deepEqual(truth, theirs ? [end.reason, "local"] : end.reason, `${hint}: ${callId}`);
      }
    }
  }
}

/** @returns the faults of a bad network, which depend on the seed */
export function randomFaults(random: Random): Partial<FakeFaults> {
  return {
    loss: random.pick([0, 0.1, 0.3]),
    duplication: random.pick([0, 0.2]),
    reordering: random.pick([0, 0.4]),
    reorderMs: random.pick([200, 4_000]),
    delayMs: random.pick([5, 400]),
  };
}

/** @returns one second of measurements between a clean link and none */
function randomMeasurements(random: Random): Measured {
  return {
    roundTripMs: random.pick([20, 3_000]),
    sendLoss: random.pick([0, 0.5]),
    availableSendBps: random.pick([1_000, 3_000_000, null]),
    maxVideoBps: 1_500_000,
    isEncoderBehind: random.chance(0.2),
    loopLagMs: random.pick([0, 300]),
    captureDropped: null,
    picture: { width: 640, height: 480, fps: 30 },
    pageReplaced: random.pick([0, 0.9, null]),
  };
}

function describeCall({ callId, ref }: ManagedCall): string {
  return `${callId} ${phaseOf(ref.getSnapshot())}`;
}
