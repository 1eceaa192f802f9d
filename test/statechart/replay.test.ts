// A replay of the logs of two random managers gives the same logs.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SimulatedClock } from "xstate";
import { type ChartLogEntry, chartLogEntrySchema } from "../../rpc-schema/index.ts";
import { callManagerMachine, Mask, recordCharts } from "../../statecharts/index.ts";
import { replayLog } from "../../statecharts/record/replay.ts";
import { CallBench, settle } from "../support/plugin/call-bench.ts";
import { seededRandom } from "../support/process/seeded-random.ts";
import { ManagerPair, randomFaults } from "./support/manager-pair.ts";

const RUNS = 40;
const STEPS = 30;

/** @returns the entries as read from a file */
const throughText = (log: ChartLogEntry[]) =>
  log.map((entry) => chartLogEntrySchema.parse(JSON.parse(JSON.stringify(entry))));

async function recordWildRun(seed: number): Promise<ChartLogEntry[][]> {
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
  return logs.map(throughText);
}

/** Records a call that rings until its timeout. */
async function recordRinging(): Promise<ChartLogEntry[]> {
  const log: ChartLogEntry[] = [];
  const clock = new SimulatedClock();
  const bench = new CallBench({
    clock,
    beforeStart: (manager) =>
      void recordCharts(manager, { write: (entry) => log.push(entry), now: () => clock.now() }),
  });
  bench.manager.send({ type: "user.start", callId: "call-1", peerId: "bob", media: "audio" });
  await settle();
  bench.receiveSignal("bob", "call-1", { type: "call-ringing" });
  clock.increment(61_000);
  await settle();
  return throughText(log);
}

const isTimeout = (entry: ChartLogEntry) => entry.kind === "event" && entry.origin === "clock";

describe("a replay", () => {
  test(`of ${RUNS} random runs of two managers gives the same steps, masked or not`, async () => {
    let steps = 0;
    for (let seed = 1; seed <= RUNS; seed += 1) {
      for (const log of await recordWildRun(seed)) {
        const mask = new Mask();
        const masked = log.map((entry) => mask.entry(entry));
        for (const version of [log, masked]) {
          const result = replayLog(callManagerMachine, version);
          assert.deepEqual(result.differences.slice(0, 3), [], `seed ${seed}`);
          assert.equal(result.steps, log.filter(({ kind }) => kind === "step").length);
          steps += result.steps;
        }
      }
    }
    assert.ok(steps > RUNS * 50, `only ${steps} steps`);
  });

  test("of a log that began after its chart gives the same steps, too", async () => {
    const log: ChartLogEntry[] = [];
    const clock = new SimulatedClock();
    const bench = new CallBench({ clock });
    const ring = async (callId: string) => {
      bench.receiveSignal("bob", callId, { type: "call-request", mediaType: "audio" });
      await settle();
      bench.receiveSignal("bob", callId, { type: "call-hangup" });
      await settle();
    };
    await ring("call-1");
    recordCharts(bench.manager, { write: (entry) => log.push(entry), now: () => clock.now() });
    await ring("call-1");
    await ring("call-2");
    const { steps, differences } = replayLog(callManagerMachine, throughText(log));
    assert.deepEqual(differences, []);
    assert.ok(steps > 5, `only ${steps} steps`);
  });

  test("names the line at which a state differs", async () => {
    const log = await recordRinging();
    const at = log.findLastIndex((entry) => entry.kind === "step" && entry.value === "open");
    const changed = log.map((entry, index) => (index === at ? { ...entry, value: "closing" } : entry));
    const { differences } = replayLog(callManagerMachine, changed);
    assert.deepEqual(
      differences.map(({ line }) => line),
      [at + 1],
    );
    assert.match(differences[0]?.logged ?? "", /"value":"closing"/);
    assert.match(differences[0]?.replayed ?? "", /"value":"open"/);
  });

  test("reports a delay that ended too early", async () => {
    const log = await recordRinging();
    const early = log.map((entry) =>
      isTimeout(entry) && entry.kind !== "log" ? { ...entry, t: 30_000 } : entry,
    );
    const { differences } = replayLog(callManagerMachine, early);
    assert.match(differences[0]?.replayed ?? "", /due at 60000 ms only/);
  });

  test("reports a delay that should have ended", async () => {
    const log = await recordRinging();
    const at = log.findIndex(isTimeout);
    const late: ChartLogEntry = {
      kind: "event",
      t: 90_000,
      to: "callManager",
      from: null,
      origin: "user",
      event: { type: "signalling.ready", selfId: "alice" },
    };
    const { differences } = replayLog(callManagerMachine, [...log.slice(0, at), late]);
    assert.match(differences[0]?.replayed ?? "", /ringTimeout.* was due at 60000 ms/);
  });

  test("of a log with unknown actors reports what it does not find", async () => {
    const log = await recordRinging();
    const foreign = log.map((entry) =>
      entry.kind === "event" && entry.from?.endsWith("placing")
        ? { ...entry, from: "callManager/call:call-1/gone" }
        : entry,
    );
    assert.ok(replayLog(callManagerMachine, foreign).differences.length > 0);
  });
});
