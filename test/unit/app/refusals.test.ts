// A host can read what its plugin refused, by reason, and so does the file for a bug report.

import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { afterEach, beforeEach, test } from "node:test";
import { createFakeSignallingNetwork } from "../../support/fakes/fake-signalling.ts";
import { settle } from "../../support/plugin/call-bench.ts";
import { PluginBench } from "../../support/plugin/plugin-pair.ts";

const MALLORY = "FakePeerMa11ory1";
let network = createFakeSignallingNetwork();
let alice: PluginBench;
let aliceId = "";

beforeEach(async () => {
  network = createFakeSignallingNetwork();
  alice = new PluginBench(network);
  aliceId = await alice.start();
});
afterEach(() => alice.end());

const send = (callId: string, payload: unknown, from = MALLORY) =>
  network.inject(from, aliceId, `call:${callId}`, payload);

async function refused(): Promise<Record<string, number>> {
  await settle();
  const { refusals } = await alice.host.request("debug.refusals", {});
  return Object.fromEntries(refusals.map(({ reason, count }) => [reason, count]));
}

test("a plugin that nobody has attacked has refused nothing", async () => {
  assert.deepEqual(await refused(), {});
});

test("payloads that are no signals are counted as messages", async () => {
  for (const payload of [{ type: "call-nonsense" }, { type: "call-offer" }, 7, null]) send("c1", payload);
  assert.deepEqual(await refused(), { message: 4 });
});

test("calls and signals above a peer's budget are counted", async () => {
  for (let n = 0; n < 100; n += 1) {
    send(`c${n}`, { type: "call-request", mode: "native", mediaType: "audio" });
    await settle();
    const [ringing] = Object.values(alice.plugin.callManager.getSnapshot().context.calls);
    if (!ringing) continue;
    await alice.waitFor("call.incoming", ({ callId }) => callId === ringing.callId);
    await alice.host.request("call.reject", { callId: ringing.callId });
    await alice.waitFor("call.ended", ({ callId }) => callId === ringing.callId);
  }
  const { ring = 0, signal = 0 } = await refused();
  assert.ok(ring > 0, `${ring} rings`);
  assert.ok(signal > 0, `${signal} signals`);
});

test("addresses that a peer in a call may not name are counted, and the call goes on", async () => {
  send("c1", { type: "call-request", mode: "native", mediaType: "audio" });
  await alice.waitFor("call.incoming");
  await alice.host.request("call.accept", { callId: "c1" });
  await settle();
  for (const address of ["203.0.113.9 80", "0.0.0.0 5000", "printer.example 5000", "224.0.0.251 5353"]) {
    const candidate = `candidate:1 1 udp 1 ${address} typ host`;
    send("c1", { type: "ice-candidate", candidate: { candidate, sdpMid: "0" } });
  }
  assert.equal((await refused()).candidate, 4);
  const { calls } = await alice.host.request("call.list", {});
  assert.deepEqual(
    calls.map(({ callId }) => callId),
    ["c1"],
  );
});

test("the bundle for a bug report holds the counts", async () => {
  send("c1", { type: "call-nonsense" });
  await settle();
  const { path } = await alice.host.request("debug.bundle", {});
  try {
    const { refusals } = JSON.parse(readFileSync(path, "utf8"));
    assert.deepEqual(
      refusals.map(({ reason, count }: { reason: string; count: number }) => [reason, count]),
      [["message", 1]],
    );
  } finally {
    rmSync(path);
  }
});
