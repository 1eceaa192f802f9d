// Glare: both users call each other at once. The call of the lower peer id, alice's "a-call", survives bob's "b-call".

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ACK, hangupOf, ManagerBench, OFFER, RINGING, requestOf } from "../support/start-manager.ts";

const ALICE = { from: "alice", callId: "a-call" };
const BOB = { from: "bob", callId: "b-call" };

async function aliceCalling(): Promise<ManagerBench> {
  const manager = new ManagerBench({ selfId: "alice" });
  await manager.startCall({ callId: "a-call", peerId: "bob" });
  return manager;
}

async function bobCalling(media: "audio" | "video" = "video"): Promise<ManagerBench> {
  const manager = new ManagerBench({ selfId: "bob" });
  await manager.startCall({ callId: "b-call", peerId: "alice", media });
  return manager;
}

describe("the side whose call stays", () => {
  test("refuses the other call as superseded and continues", async () => {
    const alice = await aliceCalling();
    await alice.receive(requestOf(), BOB);
    assert.deepEqual(alice.refusals(), [{ callId: "b-call", peerId: "bob", reason: "superseded" }]);
    assert.equal(alice.phase("a-call"), "requesting");
    await alice.receive(ACK, { from: "bob", callId: "a-call" });
    assert.equal(alice.phase("a-call"), "connecting");
  });

  test("refuses a duplicate request again, and neither rings later", async () => {
    const alice = await aliceCalling();
    await alice.receive(requestOf(), BOB);
    await alice.receive(requestOf(), BOB);
    await alice.hangUp("a-call");
    await alice.receive(requestOf(), BOB);
    assert.deepEqual(
      alice.refusals().map((refusal) => (refusal as { reason: string }).reason),
      ["superseded", "superseded", "superseded"],
    );
    assert.equal(alice.phase("b-call"), "gone");
  });

  test("ignores the hang-up of the other call, before or after its request", async () => {
    const alice = await aliceCalling();
    await alice.receive(hangupOf("superseded"), BOB);
    await alice.receive(requestOf(), BOB);
    await alice.receive(hangupOf("superseded"), BOB);
    assert.equal(alice.phase("a-call"), "requesting");
    assert.deepEqual(alice.ends(), []);
  });

  test("ignores a crossing request after the accept, and its hang-up", async () => {
    const alice = await aliceCalling();
    await alice.receive(ACK, { from: "bob", callId: "a-call" });
    await alice.receive(requestOf(), BOB);
    assert.equal(alice.phase("a-call"), "connecting");
    assert.equal(alice.effects.count("notifyHostOfCall"), 1);
    await alice.receive(hangupOf("superseded"), BOB);
    assert.equal(alice.phase("a-call"), "connecting");
    assert.equal(alice.phase("b-call"), "gone");
    assert.deepEqual([alice.refusals(), alice.ends()], [[], []]);
  });

  test("needs no crossing request: if it is lost, the accept still arrives", async () => {
    const alice = await aliceCalling();
    await alice.receive(ACK, { from: "bob", callId: "a-call" });
    assert.equal(alice.phase("a-call"), "connecting");
    assert.deepEqual(alice.refusals(), []);
  });
});

describe("the side whose call loses", () => {
  test("accepts the other call without asking, and reports what replaced its own", async () => {
    const bob = await bobCalling();
    await bob.receive(requestOf(), ALICE);
    bob.assertEnded("superseded", "local", "b-call");
    assert.equal(bob.ends()[0]?.end.replacedBy, "a-call");
    assert.equal(bob.phase("a-call"), "connecting");
    assert.deepEqual(bob.effects.inputs("sendAccept"), [{ callId: "a-call", peerId: "alice" }]);
    assert.equal(bob.effects.count("sendRinging"), 0);
  });

  test("opens the camera only if its own user chose video", async () => {
    const audio = await bobCalling("audio");
    await audio.receive(requestOf("video"), ALICE);
    assert.deepEqual(audio.effects.running("camera"), []);
    const video = await bobCalling("video");
    await video.receive(requestOf("audio"), ALICE);
    assert.equal(video.effects.running("camera").length, 1);
  });

  test("does so while it rings, too", async () => {
    const bob = await bobCalling();
    await bob.receive(RINGING, { from: "alice", callId: "b-call" });
    await bob.receive(requestOf(), ALICE);
    assert.equal(bob.phase("a-call"), "connecting");
  });

  test("accepts it once if the request is duplicated", async () => {
    const bob = await bobCalling();
    await bob.receive(requestOf(), ALICE);
    await bob.receive(requestOf(), ALICE);
    assert.equal(bob.effects.count("sendAccept"), 1);
    assert.deepEqual(bob.refusals(), []);
  });

  test("waits for the other request if the refusal of its own arrives first", async () => {
    const bob = await bobCalling();
    await bob.receive(hangupOf("superseded"), { from: "alice", callId: "b-call" });
    assert.equal(bob.phase("b-call"), "requesting");
    await bob.receive(requestOf(), ALICE);
    bob.assertEnded("superseded", "local", "b-call");
    assert.equal(bob.ends()[0]?.end.replacedBy, "a-call");
    assert.equal(bob.phase("a-call"), "connecting");
  });

  test("waits for it at most for the request timeout, and asks its user if it arrives later", async () => {
    const bob = await bobCalling();
    await bob.receive(hangupOf("superseded"), { from: "alice", callId: "b-call" });
    await bob.advance(10_000);
    bob.assertEnded("superseded", "remote", "b-call");
    assert.deepEqual(bob.effects.activities, []);
    await bob.receive(requestOf(), ALICE);
    assert.equal(bob.phase("a-call"), "ringing");
  });

  test("can be hung up while it waits, and the other call then rings", async () => {
    const bob = await bobCalling();
    await bob.receive(hangupOf("superseded"), { from: "alice", callId: "b-call" });
    await bob.hangUp("b-call");
    bob.assertEnded("cancelled", "local", "b-call");
    await bob.receive(requestOf(), ALICE);
    assert.equal(bob.phase("a-call"), "ringing");
  });

  test("does not accept a call whose hang-up arrived before its request", async () => {
    const bob = await bobCalling();
    await bob.receive(hangupOf("cancelled"), ALICE);
    await bob.receive(requestOf(), ALICE);
    assert.equal(bob.phase("b-call"), "requesting");
    assert.deepEqual(bob.refusals(), [{ callId: "a-call", peerId: "alice", reason: "cancelled" }]);
  });

  test("continues its own call if the other request is lost", async () => {
    const bob = await bobCalling();
    await bob.receive(ACK, { from: "alice", callId: "b-call" });
    assert.equal(bob.phase("b-call"), "connecting");
  });

  test("does not yield to a third peer", async () => {
    const bob = await bobCalling();
    await bob.receive(requestOf(), { from: "aaron", callId: "c-call" });
    assert.deepEqual(bob.refusals(), [{ callId: "c-call", peerId: "aaron", reason: "busy" }]);
    assert.equal(bob.phase("b-call"), "requesting");
  });

  test("answers the offer of the call that replaced its own", async () => {
    const bob = await bobCalling();
    await bob.receive(requestOf(), ALICE);
    await bob.receive(OFFER, ALICE);
    assert.deepEqual(bob.effects.inputs("sendAnswer"), [
      { callId: "a-call", peerId: "alice", sdp: "answer to remote offer" },
    ]);
  });
});
