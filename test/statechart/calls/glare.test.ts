// Both call each other at once. The call of the lower id stays: alice's "a-call"; bob's "b-call" makes way.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ACK, hangupOf, ManagerBench, OFFER, RINGING, requestOf } from "../support/start-manager.ts";

const ALICE = { from: "alice", callId: "a-call" };
const BOB = { from: "bob", callId: "b-call" };

async function aliceCalling(): Promise<ManagerBench> {
  const manager = new ManagerBench({ selfId: "alice" });
  await manager.starts({ callId: "a-call", peerId: "bob" });
  return manager;
}

async function bobCalling(media: "audio" | "video" = "video"): Promise<ManagerBench> {
  const manager = new ManagerBench({ selfId: "bob" });
  await manager.starts({ callId: "b-call", peerId: "alice", media });
  return manager;
}

describe("the side whose call stays", () => {
  test("refuses the other's as superseded and goes on as if nothing had been", async () => {
    const alice = await aliceCalling();
    await alice.hears(requestOf(), BOB);
    assert.deepEqual(alice.refusals(), [{ callId: "b-call", peerId: "bob", reason: "superseded" }]);
    assert.equal(alice.phase("a-call"), "requesting");
    await alice.hears(ACK, { from: "bob", callId: "a-call" });
    assert.equal(alice.phase("a-call"), "connecting");
  });

  test("refuses a request that comes twice twice, and neither rings later", async () => {
    const alice = await aliceCalling();
    await alice.hears(requestOf(), BOB);
    await alice.hears(requestOf(), BOB);
    await alice.hangsUp("a-call");
    await alice.hears(requestOf(), BOB);
    assert.deepEqual(
      alice.refusals().map((refusal) => (refusal as { reason: string }).reason),
      ["superseded", "superseded", "superseded"],
    );
    assert.equal(alice.phase("b-call"), "gone");
  });

  test("is not disturbed by the hang-up of the other's call, before or after its request", async () => {
    const alice = await aliceCalling();
    await alice.hears(hangupOf("superseded"), BOB);
    await alice.hears(requestOf(), BOB);
    await alice.hears(hangupOf("superseded"), BOB);
    assert.equal(alice.phase("a-call"), "requesting");
    assert.deepEqual(alice.ends(), []);
  });

  test("is not disturbed by a crossing request that comes only after the accept, nor by its end", async () => {
    const alice = await aliceCalling();
    await alice.hears(ACK, { from: "bob", callId: "a-call" });
    await alice.hears(requestOf(), BOB);
    assert.equal(alice.phase("a-call"), "connecting");
    assert.equal(alice.effects.count("notifyHostOfCall"), 1);
    await alice.hears(hangupOf("superseded"), BOB);
    assert.equal(alice.phase("a-call"), "connecting");
    assert.equal(alice.phase("b-call"), "gone");
    assert.deepEqual([alice.refusals(), alice.ends()], [[], []]);
  });

  test("needs no crossing request: when the other's is lost, the accept comes all the same", async () => {
    const alice = await aliceCalling();
    await alice.hears(ACK, { from: "bob", callId: "a-call" });
    assert.equal(alice.phase("a-call"), "connecting");
    assert.deepEqual(alice.refusals(), []);
  });
});

describe("the side whose call makes way", () => {
  test("takes the other's call without a question and says what replaced its own", async () => {
    const bob = await bobCalling();
    await bob.hears(requestOf(), ALICE);
    bob.assertEnded("superseded", "local", "b-call");
    assert.equal(bob.ends()[0]?.end.replacedBy, "a-call");
    assert.equal(bob.phase("a-call"), "connecting");
    assert.deepEqual(bob.effects.inputs("sendAccept"), [{ callId: "a-call", peerId: "alice" }]);
    assert.equal(bob.effects.count("sendRinging"), 0);
  });

  test("opens the camera only if its own user wanted one", async () => {
    const audio = await bobCalling("audio");
    await audio.hears(requestOf("video"), ALICE);
    assert.deepEqual(audio.effects.running("camera"), []);
    const video = await bobCalling("video");
    await video.hears(requestOf("audio"), ALICE);
    assert.equal(video.effects.running("camera").length, 1);
  });

  test("does so in the middle of its ringing, too", async () => {
    const bob = await bobCalling();
    await bob.hears(RINGING, { from: "alice", callId: "b-call" });
    await bob.hears(requestOf(), ALICE);
    assert.equal(bob.phase("a-call"), "connecting");
  });

  test("takes it once when the request comes twice", async () => {
    const bob = await bobCalling();
    await bob.hears(requestOf(), ALICE);
    await bob.hears(requestOf(), ALICE);
    assert.equal(bob.effects.count("sendAccept"), 1);
    assert.deepEqual(bob.refusals(), []);
  });

  test("waits for the other's request when the refusal of its own overtook it", async () => {
    const bob = await bobCalling();
    await bob.hears(hangupOf("superseded"), { from: "alice", callId: "b-call" });
    assert.equal(bob.phase("b-call"), "requesting");
    await bob.hears(requestOf(), ALICE);
    bob.assertEnded("superseded", "local", "b-call");
    assert.equal(bob.ends()[0]?.end.replacedBy, "a-call");
    assert.equal(bob.phase("a-call"), "connecting");
  });

  test("waits for it no longer than a request may take, and asks its user when it comes later", async () => {
    const bob = await bobCalling();
    await bob.hears(hangupOf("superseded"), { from: "alice", callId: "b-call" });
    await bob.passes(10_000);
    bob.assertEnded("superseded", "remote", "b-call");
    assert.deepEqual(bob.effects.activities, []);
    await bob.hears(requestOf(), ALICE);
    assert.equal(bob.phase("a-call"), "ringing");
  });

  test("may be hung up while it waits, and the other's call then rings", async () => {
    const bob = await bobCalling();
    await bob.hears(hangupOf("superseded"), { from: "alice", callId: "b-call" });
    await bob.hangsUp("b-call");
    bob.assertEnded("cancelled", "local", "b-call");
    await bob.hears(requestOf(), ALICE);
    assert.equal(bob.phase("a-call"), "ringing");
  });

  test("does not take a call that was hung up before its request came", async () => {
    const bob = await bobCalling();
    await bob.hears(hangupOf("cancelled"), ALICE);
    await bob.hears(requestOf(), ALICE);
    assert.equal(bob.phase("b-call"), "requesting");
    assert.deepEqual(bob.refusals(), [{ callId: "a-call", peerId: "alice", reason: "cancelled" }]);
  });

  test("goes on with its own call when the other's request is lost", async () => {
    const bob = await bobCalling();
    await bob.hears(ACK, { from: "alice", callId: "b-call" });
    assert.equal(bob.phase("b-call"), "connecting");
  });

  test("does not make way for a third peer", async () => {
    const bob = await bobCalling();
    await bob.hears(requestOf(), { from: "aaron", callId: "c-call" });
    assert.deepEqual(bob.refusals(), [{ callId: "c-call", peerId: "aaron", reason: "busy" }]);
    assert.equal(bob.phase("b-call"), "requesting");
  });

  test("answers the offer of the call that replaced its own", async () => {
    const bob = await bobCalling();
    await bob.hears(requestOf(), ALICE);
    await bob.hears(OFFER, ALICE);
    assert.deepEqual(bob.effects.inputs("sendAnswer"), [
      { callId: "a-call", peerId: "alice", sdp: "answer to remote offer" },
    ]);
  });
});
