import assert from "node:assert/strict";
import { test } from "node:test";
import { PeerError } from "../../../plugin/peer/peer.ts";
import { createFakePeerEngine } from "../../support/fakes/fake-peer-engine.ts";
import { connect, connected, negotiate, observePeer } from "../../support/plugin/peer-pair.ts";

async function pairOf(engine = createFakePeerEngine()) {
  return { engine, caller: await observePeer(engine), callee: await observePeer(engine) };
}

test("a fake that cannot load refuses to make a peer", async () => {
  const engine = createFakePeerEngine();
  engine.faults.cannotLoad = true;
  await assert.rejects(observePeer(engine), PeerError);
});

test("a fake with refused descriptions refuses offers and answers", async () => {
  const { engine, caller, callee } = await pairOf();
  const offer = await caller.peer.createOffer();
  engine.faults.refusesDescriptions = true;
  await assert.rejects(callee.peer.answerOffer(offer), PeerError);
  await assert.rejects(callee.peer.createOffer(), PeerError);
});

test("a fake that never connects stays connecting", async () => {
  const { engine, caller, callee } = await pairOf();
  engine.faults.neverConnects = true;
  await negotiate(caller, callee);
  caller.sendCandidatesTo(callee.peer);
  await caller.waitUntil(() => caller.states.length > 0 && callee.states.length > 0);
  assert.deepEqual([caller.states, callee.states], [["connecting"], ["connecting"]]);
});

test("a fake without a path delivers nothing until an ICE restart", async () => {
  const { engine, caller, callee } = await pairOf();
  await connect(caller, callee);
  for (const peer of engine.peers) peer.disconnect();
  await caller.waitUntil(() => caller.states.at(-1) === "disconnected");
  caller.peer.sendAudio(new Int16Array(480));
  assert.equal((await caller.peer.statistics()).bytesSentAudio, 0);
  await negotiate(caller, callee, true);
  await connected(caller, callee);
});

test("a fake without a path may reconnect by itself, or fail", async () => {
  const { engine, caller, callee } = await pairOf();
  await connect(caller, callee);
  const [first] = engine.peers;
  first?.disconnect();
  await caller.waitUntil(() => caller.states.at(-1) === "disconnected");
  first?.recover();
  await connected(caller);
  first?.fail();
  await caller.waitUntil(() => caller.states.at(-1) === "failed");
});
