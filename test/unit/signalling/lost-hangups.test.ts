// Hang-ups that did not reach their peer, with a fake peer that is reachable or not.

import assert from "node:assert/strict";
import { test } from "node:test";
import { LostHangups } from "../../../plugin/signalling/lost-hangups.ts";
import { SignallingError } from "../../../plugin/signalling/port.ts";
import type { Signal } from "../../../rpc-schema/index.ts";

const hangup: Signal = { type: "call-hangup", reason: "hungUp" };
const gone = new SignallingError("unreachable", "no stream");

function setUp(lostHangupMs = 60_000) {
  const sent: string[] = [];
  const peer: { failure: Error | undefined } = { failure: gone };
  const hangups = new LostHangups({
    send: async (peerId, callId, signal) => {
      if (peer.failure) throw peer.failure;
      sent.push(`${peerId} ${callId} ${signal.type}`);
    },
    isKnown: (peerId) => !peerId.startsWith("made-up"),
    timings: { lostHangupMs },
    log: () => undefined,
  });
  return { hangups, sent, peer };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

test("a lost hang-up is sent once when its peer is connected again", async () => {
  const { hangups, sent, peer } = setUp();
  await assert.rejects(hangups.send("bob", "c", hangup), gone);
  hangups.onConnected("eve");
  hangups.onConnected("bob");
  await settle();
  assert.deepEqual([sent, hangups.size], [[], 1]);
  peer.failure = undefined;
  hangups.onConnected("bob");
  hangups.onConnected("bob");
  await settle();
  assert.deepEqual([sent, hangups.size], [["bob c call-hangup"], 0]);
});

test("only hang-ups are kept, and none that was delivered or refused for another reason", async () => {
  const { hangups, peer } = setUp();
  await assert.rejects(hangups.send("bob", "c", { type: "call-ringing" }), gone);
  peer.failure = new SignallingError("closed", "signalling is closed");
  await assert.rejects(hangups.send("bob", "c", hangup), peer.failure);
  peer.failure = undefined;
  await hangups.send("bob", "c", hangup);
  assert.equal(hangups.size, 0);
});

test("an old hang-up is given up, and their number is limited", async () => {
  const { hangups, sent, peer } = setUp(-1);
  for (let index = 0; index < 100; index += 1)
    await assert.rejects(hangups.send("bob", `call-${index}`, hangup), gone);
  assert.equal(hangups.size, 64);
  peer.failure = undefined;
  hangups.onConnected("bob");
  await settle();
  assert.deepEqual([sent, hangups.size], [[], 0]);
});

test("refusals of strangers displace no hang-up of a peer that the user has chosen", async () => {
  const { hangups, sent, peer } = setUp();
  await assert.rejects(hangups.send("bob", "c", hangup), gone);
  for (let index = 0; index < 1_000; index += 1) {
    await assert.rejects(hangups.send(`made-up-${index}`, "c", hangup), gone);
  }
  assert.ok(hangups.size <= 17);
  peer.failure = undefined;
  hangups.onConnected("bob");
  await settle();
  assert.deepEqual(sent, ["bob c call-hangup"]);
});
