// The rule that decides whether a call may start. The call manager's guard must agree with it in every state.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type CallManagerContext, startRefusal } from "../../../statecharts/index.ts";
import { CallBench, settle } from "../../support/plugin/call-bench.ts";

const benches: CallBench[] = [];
after(() => {
  for (const { manager } of benches) manager.stop();
});

function createBench(): CallBench {
  const bench = new CallBench({ selfId: "alice" });
  benches.push(bench);
  return bench;
}

const contextOf = ({ manager }: CallBench): CallManagerContext => manager.getSnapshot().context;

function assertAgreement(bench: CallBench, peerId: string, kind: string | undefined): void {
  assert.equal(startRefusal(contextOf(bench), peerId)?.kind, kind);
  const start = { type: "user.start", callId: "next", peerId, media: "audio" } as const;
  assert.equal(bench.manager.getSnapshot().can(start), kind === undefined);
}

test("a call to another peer may start, and a call to oneself may not", () => {
  const bench = createBench();
  assertAgreement(bench, "bob", undefined);
  assertAgreement(bench, "alice", "invalidPeer");
});

test("no call may start before signalling is ready", () => {
  const context = { ...contextOf(createBench()), selfId: null };
  assert.equal(startRefusal(context, "bob")?.kind, "signallingUnavailable");
});

test("no second call may start until the first one has ended, even while its hang-up is being sent", async () => {
  const bench = createBench();
  bench.receiveSignal("bob", "call-1", { type: "call-request", mediaType: "audio" });
  assertAgreement(bench, "carol", "alreadyInCall");
  bench.manager.send({ type: "user.toCall", callId: "call-1", event: { type: "user.hangup" } });
  assertAgreement(bench, "carol", undefined);
  await settle();
});

test("a peer that has switched calls off cannot be called, unless our own state refuses first", () => {
  const bob = { peerId: "bob", label: "Bob", addresses: [], reachable: true, videoDisabled: true };
  const context = contextOf(createBench());
  assert.equal(startRefusal(context, "bob", bob)?.kind, "peerCallsDisabled");
  assert.equal(startRefusal({ ...context, selfId: null }, "bob", bob)?.kind, "signallingUnavailable");
});
