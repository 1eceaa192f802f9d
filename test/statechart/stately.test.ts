// The conversion of entries to the Stately protocol.

import assert from "node:assert/strict";
import { test } from "node:test";
import { SimulatedClock } from "xstate";
import type { ChartLogEntry } from "../../rpc-schema/index.ts";
import { callMachine, callManagerMachine, recordCharts } from "../../statecharts/index.ts";
import { StatelyStream } from "../../statecharts/record/stately.ts";
import { CallBench, settle } from "../support/plugin/call-bench.ts";

test("a call in the Stately protocol: actors with definitions, events with sources, complete snapshots", async () => {
  const log: ChartLogEntry[] = [];
  const clock = new SimulatedClock();
  const bench = new CallBench({
    clock,
    beforeStart: (manager) =>
      void recordCharts(manager, { write: (entry) => log.push(entry), now: () => clock.now() }),
  });
  bench.receiveSignal("bob", "call-1", { type: "call-request", mediaType: "audio" });
  await settle();
  const stream = new StatelyStream([callManagerMachine, callMachine], 1_000_000);
  const messages = log.flatMap((entry) => stream.message(entry) ?? []);
  assert.ok(
    messages.every(
      ({ _version, rootId, createdAt }) =>
        _version === "0.7.2" && rootId === "callManager" && createdAt === "1000000",
    ),
  );
  const call = messages.find(
    ({ type, sessionId }) => type === "@xstate.actor" && sessionId === "callManager/call:call-1",
  );
  assert.equal(call?.parentId, "callManager");
  assert.equal(JSON.parse(String(call?.definition)).id, "call");
  const event = messages.find(
    ({ type, sessionId }) => type === "@xstate.event" && sessionId === "callManager",
  );
  assert.deepEqual(event?.event, { type: "signalling.ready", selfId: "alice" });
  const last = messages.findLast(
    ({ type, sessionId }) => type === "@xstate.snapshot" && sessionId === "callManager",
  );
  const { status, value, context } = JSON.parse(JSON.stringify(last?.snapshot ?? {}));
  assert.deepEqual(
    [status, value, context.selfId, Object.keys(context.calls)],
    ["active", "open", "alice", ["call-1"]],
  );
});
