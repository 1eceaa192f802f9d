// Two desks with the product's effects, joined by signalling that loses, repeats and reorders, used by people who do
// anything at any time. Whatever happens, both sides end in agreement, and nothing stays open.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SimulatedClock } from "xstate";
import { phaseOf } from "../../plugin/calls/call-info.ts";
import type { Signalling } from "../../plugin/signalling/port.ts";
import type { DeskCall, Measured, UserCallEvent, UserMediaEvent } from "../../statecharts/index.ts";
import { CallBench, quiet } from "../support/call-bench.ts";
import { FakeCameras } from "../support/fake-cameras.ts";
import { createFakeSignallingNetwork, type FakeFaults } from "../support/fake-signalling.ts";
import { type Random, seededRandom } from "../support/seeded-random.ts";

const RUNS = 240;
const STEPS = 30;
/** Longer than every wait of the charts one after the other. */
const SETTLING_MS = 200_000;
const DEVICE_PHASES = ["connecting", "connected", "reconnecting"];
const NO_FAULTS = { loss: 0, duplication: 0, reordering: 0, delayMs: 5 };

class Pair {
  readonly clock = new SimulatedClock();
  readonly network;
  readonly sides: { bench: CallBench; signalling: Signalling; peerId: string }[] = [];
  #calls = 0;

  constructor(seed: number, faults: Partial<FakeFaults>) {
    this.network = createFakeSignallingNetwork({ seed, faults, clock: this.clock });
  }

  async begin(): Promise<void> {
    for (const label of ["alice", "bob"]) {
      const signalling: Signalling = this.network.create(
        { label, mdns: true },
        {
          onSignal: (from, callId, signal) => bench.hears(from, callId, signal),
          onContacts: () => undefined,
          onAddressChange: () => undefined,
        },
      );
      const { peerId } = await signalling.start();
      const bench = new CallBench({
        clock: this.clock,
        selfId: peerId,
        send: (...message) => signalling.send(...message),
      });
      this.sides.push({ bench, signalling, peerId });
    }
  }

  /** In steps, since what a timer sets off may set the next timer. */
  async passes(timeMs: number, stepMs: number): Promise<void> {
    for (let passed = 0; passed < timeMs; passed += stepMs) {
      this.clock.increment(stepMs);
      await quiet();
      this.#loseDeadPaths();
    }
  }

  /** What consent checks do (RFC 7675): a connection whose far end was closed is lost. */
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
    const { desk, engine } = side.bench;
    const call = side.bench.calls().at(-1);
    const want = (event: UserCallEvent | UserMediaEvent) => {
      if (call) desk.send({ type: "user.toCall", callId: call.callId, event });
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
      () => side.bench.cameras.emitPicture(),
      () => side.bench.cameras.openNow[0]?.unplug(),
      () => side.bench.cameras.change(random.chance(0.5) ? [] : new FakeCameras().devices),
      () => side.bench.sound.lose("microphone", "unplugged"),
      () => call && side.bench.context.measurements.publish(call.callId, weather(random)),
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
    bench.desk.send({ type: "user.start", callId: `call-${this.#calls}`, peerId, media });
  }

  phases(): string[] {
    return this.sides.map(({ bench }) => bench.calls().map(describeCall).sort().join(", "));
  }

  /** Nothing may be open without a call that was started here or accepted here. */
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
      assert.deepEqual(Object.keys(bench.desk.getSnapshot().children), [], hint);
      assert.equal(bench.desk.getSnapshot().context.foreignSignals, 0, hint);
    }
  }
}

/** A second of anything between a clean link and none. */
function weather(random: Random): Measured {
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

function describeCall({ callId, ref }: DeskCall): string {
  return `${callId} ${phaseOf(ref.getSnapshot())}`;
}

async function wildRun(seed: number): Promise<{ connected: number }> {
  const random = seededRandom(seed);
  const pair = new Pair(seed, {
    loss: random.pick([0, 0.1, 0.3]),
    duplication: random.pick([0, 0.2]),
    reordering: random.pick([0, 0.4]),
    reorderMs: random.pick([200, 4_000]),
    delayMs: random.pick([5, 400]),
  });
  await pair.begin();
  for (let step = 0; step < STEPS; step += 1) {
    pair.act(random);
    await pair.passes(random.pick([20, 300, 3_000]), 300);
    pair.assertDevicesFitCalls(`seed ${seed}, step ${step}`);
  }
  for (const { peerId } of pair.sides) pair.network.setOnline(peerId, true);
  pair.network.setFaults(NO_FAULTS);
  await pair.passes(SETTLING_MS, 2_000);
  const [here, there] = pair.phases();
  assert.equal(here, there, `seed ${seed}: both sides see the same`);
  assert.match(`${here}`, /^(call-\d+ connected)?$/, `seed ${seed}: no call hangs on the way`);
  const { bench } = random.pick(pair.sides);
  for (const { callId } of bench.calls()) {
    bench.desk.send({ type: "user.toCall", callId, event: { type: "user.hangup" } });
  }
  await pair.passes(2_000, 500);
  pair.assertAllOver(`seed ${seed}: at the end`);
  return { connected: here === "" ? 0 : 1 };
}

describe("two desks", () => {
  test(`agree, or end by a timer, after ${RUNS} runs of people doing anything over bad signalling`, async () => {
    let connected = 0;
    for (let seed = 1; seed <= RUNS; seed += 1) connected += (await wildRun(seed)).connected;
    // Runs that never get as far as a call would show nothing.
    assert.ok(connected > RUNS / 20, `only ${connected} runs ended in a call`);
  });

  test("that call each other at the same moment end up in one call, without a question to anybody", async () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const pair = new Pair(seed, { reordering: 0.5, reorderMs: 1_500, duplication: 0.3, delayMs: 20 });
      await pair.begin();
      const random = seededRandom(seed);
      const [alice, bob] = pair.sides;
      if (!alice || !bob) assert.fail("two sides");
      pair.start(alice, bob.peerId, random);
      pair.start(bob, alice.peerId, random);
      await pair.passes(12_000, 100);
      assert.deepEqual(pair.phases(), ["call-1 connected", "call-1 connected"], `seed ${seed}`);
      assert.deepEqual(
        bob.bench.ended.map(({ callId, end }) => [callId, end.reason, end.replacedBy]),
        [["call-2", "superseded", "call-1"]],
      );
      alice.bench.desk.send({ type: "user.toCall", callId: "call-1", event: { type: "user.hangup" } });
      await pair.passes(5_000, 500);
      pair.assertAllOver(`seed ${seed}`);
    }
  });
});
