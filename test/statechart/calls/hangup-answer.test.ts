// Every end that a hang-up of the other side causes is answered by a hang-up of ours, once, and no answer is answered.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ChartLogEntry, EndReason } from "../../../rpc-schema/index.ts";
import { recordCharts } from "../../../statecharts/index.ts";
import { seededRandom } from "../../support/process/seeded-random.ts";
import { ManagerPair, randomFaults } from "../support/manager-pair.ts";
import { CALL, connectedOut, hangupOf, ManagerBench, PATHS, requestOf } from "../support/start-manager.ts";

const RUNS = 300;
const STEPS = 20;
/** Longer than all delays of the charts in sequence. */
const SETTLING_MS = 200_000;
const SECOND = { callId: "call-2" };

const answerOf = (reason: EndReason, callId = CALL, peerId = "bob") => ({ callId, peerId, reason });

/** What a hang-up without a reason means in a phase. */
const BARE: Readonly<Record<string, EndReason>> = {
  placing: "rejected",
  requested: "rejected",
  ringingOut: "rejected",
  ringingIn: "cancelled",
};

describe("a hang-up of the other side", () => {
  for (const [name, walk] of Object.entries(PATHS)) {
    test(`is answered once while a call is ${name}, with the reason of its end`, async () => {
      for (const sent of [undefined, "unavailable"] as const) {
        const manager = await walk();
        await manager.receive(hangupOf(sent));
        const reason = sent ?? BARE[name] ?? "hungUp";
        manager.assertEnded(reason, "remote");
        assert.deepEqual(manager.answers(), [answerOf(reason)]);
        assert.deepEqual([manager.hangups(), manager.refusals()], [[], []]);
      }
    });

    test(`is not answered again when it is repeated after a call that was ${name}`, async () => {
      const manager = await walk();
      for (const reason of [undefined, undefined, "hungUp", "rejected"] as const)
        await manager.receive(hangupOf(reason));
      assert.equal(manager.answers().length, 1);
      assert.deepEqual([manager.hangups(), manager.refusals()], [[], []]);
    });

    test(`is no answer's answer: our own hang-up while a call is ${name} is the only one`, async () => {
      const manager = await walk();
      manager.effects.hold("sendHangup");
      await manager.hangUp();
      await manager.receive(hangupOf("hungUp"));
      manager.effects.finish("sendHangup");
      await manager.receive(hangupOf("hungUp"));
      assert.equal(manager.hangups().length, 1);
      assert.deepEqual([manager.answers(), manager.refusals()], [[], []]);
    });
  }

  test("is answered while a call waits", async () => {
    const manager = await connectedOut();
    await manager.receive(requestOf(), SECOND);
    await manager.receive(hangupOf(), SECOND);
    assert.deepEqual(manager.answers(), [answerOf("cancelled", "call-2")]);
    assert.equal(manager.phase(), "connected");
  });

  test("is not answered for a call that never was, or by a stranger", async () => {
    const manager = await connectedOut();
    await manager.receive(hangupOf(), { callId: "unknown" });
    await manager.receive(hangupOf(), { from: "mallory" });
    assert.deepEqual([manager.answers(), manager.refusals()], [[], []]);
    assert.equal(manager.phase(), "connected");
  });

  test("is reported to the host and permits the next call at once, before the answer is sent", async () => {
    const manager = await connectedOut();
    manager.actor.send({ type: "signal.received", from: "bob", callId: CALL, signal: hangupOf() });
    manager.actor.send({ type: "user.start", callId: "call-2", peerId: "carol", media: "audio" });
    const order = manager.effects.records.map(({ name }) => name);
    assert.ok(order.indexOf("notifyHostOfEnd") === order.indexOf("answerHangup") + 1, order.join());
    assert.equal(manager.phase("call-2"), "requesting");
  });
});

describe("a call that lost in glare", () => {
  /** Our id is the higher one, so our call loses. */
  const yielding = async () => {
    const manager = new ManagerBench({ selfId: "carol" });
    await manager.startCall();
    await manager.receive(hangupOf("superseded"));
    return manager;
  };

  test("answers its refusal once the other call replaces it, and that call goes on", async () => {
    const manager = await yielding();
    assert.deepEqual(manager.answers(), []);
    await manager.receive(requestOf(), SECOND);
    assert.deepEqual([manager.hangups(), manager.answers()], [["superseded"], []]);
    await manager.receive(hangupOf("superseded"));
    assert.equal(manager.phase("call-2"), "connecting");
    assert.deepEqual([manager.hangups(), manager.answers()], [["superseded"], []]);
  });

  test("answers when the other call does not come", async () => {
    const manager = await yielding();
    await manager.advance(10_000);
    manager.assertEnded("superseded", "remote");
    assert.deepEqual(manager.answers(), [answerOf("superseded")]);
    assert.deepEqual(manager.hangups(), []);
  });
});

/** Hang-ups that one side's calls sent, by call id: its own and its answers. */
function hangupsIn(log: readonly ChartLogEntry[]): Map<string, { own: number; answers: number }> {
  const sent = new Map<string, { own: number; answers: number }>();
  const callIn = (path: string) => /\/call:([^/]+)/.exec(path)?.[1] ?? "";
  const count = (path: string, kind: "own" | "answers") => {
    const counts = sent.get(callIn(path)) ?? { own: 0, answers: 0 };
    sent.set(callIn(path), { ...counts, [kind]: counts[kind] + 1 });
  };
  for (const entry of log) {
    if (entry.kind !== "step" || !/\/call:[^/]+$/.test(entry.id)) continue;
    if (entry.actions.includes("answerHangup")) count(entry.id, "answers");
    if (entry.taken.some(({ to }) => to.includes("call.ending"))) count(entry.id, "own");
  }
  return sent;
}

test(`two managers send one hang-up for each call that ended, in ${RUNS} random runs over faulty signalling`, async () => {
  let answered = 0;
  for (let seed = 1; seed <= RUNS; seed += 1) {
    const logs: ChartLogEntry[][] = [];
    const random = seededRandom(seed);
    using pair = new ManagerPair(seed, randomFaults(random), (manager) => {
      const log: ChartLogEntry[] = [];
      logs.push(log);
      recordCharts(manager, { write: (entry) => log.push(entry), now: () => pair.clock.now() });
    });
    await pair.begin();
    for (let step = 0; step < STEPS; step += 1) {
      pair.act(random);
      await pair.advance(random.pick([20, 300, 3_000]));
    }
    await pair.advance(SETTLING_MS);
    for (const [side, { bench }] of pair.sides.entries()) {
      const sent = hangupsIn(logs[side] ?? []);
      for (const { callId, end } of bench.ended) {
        const { own = 0, answers = 0 } = sent.get(callId) ?? {};
        const expected = end.endedBy === "remote" ? [0, 1] : [1, 0];
        assert.deepEqual([own, answers], expected, `seed ${seed}, side ${side}: ${callId} ${end.reason}`);
        answered += answers;
      }
    }
  }
  assert.ok(answered > RUNS / 2, `only ${answered} hang-ups were answered`);
});
