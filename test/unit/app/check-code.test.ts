// Two whole plugins in memory: the check code and the protection that their hosts get.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { CallInfo } from "../../../rpc-schema/index.ts";
import { withFormerNamesOnly } from "../../../rpc-schema/index.ts";
import { createFakeSignallingNetwork } from "../../support/fakes/fake-signalling.ts";
import { settle } from "../../support/plugin/call-bench.ts";
import { PluginBench } from "../../support/plugin/plugin-pair.ts";

const open: PluginBench[] = [];
after(() => Promise.all(open.map((bench) => bench.end())));

async function connected() {
  const network = createFakeSignallingNetwork();
  const [alice, bob] = [new PluginBench(network), new PluginBench(network)];
  open.push(alice, bob);
  await alice.start();
  const peerId = await bob.start();
  const { callId } = await alice.host.request("call.start", { peerId, media: "audio" });
  await bob.waitFor("call.incoming");
  await bob.host.request("call.accept", { callId });
  const codes = await Promise.all([alice, bob].map((side) => side.waitFor("call.changed", hasCode)));
  return { alice, bob, callId, codes: codes.map(({ protection }) => protection) };
}

const hasCode = ({ phase, protection }: CallInfo) =>
  phase === "connected" && protection?.check === "code" && protection.path !== "unknown";

async function protectionOf(bench: PluginBench) {
  const { calls } = await bench.host.request("call.list", {});
  return calls[0]?.protection;
}

test("both hosts get the same code, the path, and who vouches for the signals", async () => {
  const { codes } = await connected();
  const [ours, theirs] = codes;
  assert.deepEqual(ours, theirs);
  assert.match(ours?.checkCode ?? "", /^\w+ \w+ \w+ \w+$/);
  assert.deepEqual([ours?.path, ours?.identity, ours?.checkCodeChanged], ["direct", "key", false]);
});

test("the code stays through an ICE restart", async () => {
  const { alice, bob, codes, callId } = await connected();
  const isReconnecting = (call: CallInfo) => call.callId === callId && call.phase === "reconnecting";
  for (const { engine } of [alice, bob]) engine.peers[0]?.fail();
  await alice.waitFor("call.changed", isReconnecting);
  alice.notifications.length = 0;
  await alice.waitFor("call.changed", hasCode);
  await settle();
  assert.deepEqual(await protectionOf(alice), codes[0]);
  assert.deepEqual(await protectionOf(bob), codes[0]);
});

test("a host of version 1 gets no protection", async () => {
  const { alice } = await connected();
  const { calls } = await alice.host.request("call.list", {});
  assert.ok(calls[0] && "protection" in calls[0]);
  assert.ok(!JSON.stringify(withFormerNamesOnly(calls)).includes("protection"));
});
