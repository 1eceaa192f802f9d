// Hang-ups and states of calls that did not reach their peer, with a fake peer that is reachable or not.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { LostSignals } from "../../../../plugin/signalling/lost-signals.ts";
import { SignallingError } from "../../../../plugin/signalling/port.ts";
import type { Signal } from "../../../../rpc-schema/index.ts";

const hangup: Signal = { type: "call-hangup", reason: "hungUp" };
const gone = new SignallingError("unreachable", "no stream");

function setUp(lostSignalMs = 60_000) {
  const sent: string[] = [];
  const delivered: Signal[] = [];
  const peer: { failure: Error | undefined; before?: (() => Promise<void>) | undefined } = { failure: gone };
  const lost = new LostSignals({
    send: async (peerId, callId, signal) => {
      await peer.before?.();
      if (peer.failure) throw peer.failure;
      delivered.push(signal);
      sent.push(`${peerId} ${callId} ${signal.type}`);
    },
    isKnown: (peerId) => !peerId.startsWith("made-up"),
    timings: { lostSignalMs },
    log: () => undefined,
  });
  return { lost, sent, delivered, peer };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

test("a lost hang-up is sent once when its peer is connected again", async () => {
  const { lost, sent, peer } = setUp();
  await assert.rejects(lost.send("bob", "c", hangup), gone);
  lost.onConnected("eve");
  lost.onConnected("bob");
  await settle();
  assert.deepEqual([sent, lost.size], [[], 1]);
  peer.failure = undefined;
  lost.onConnected("bob");
  lost.onConnected("bob");
  await settle();
  assert.deepEqual([sent, lost.size], [["bob c call-hangup"], 0]);
});

test("only hang-ups and states are kept, and none that was delivered or refused for another reason", async () => {
  const { lost, peer } = setUp();
  await assert.rejects(lost.send("bob", "c", { type: "call-ringing" }), gone);
  peer.failure = new SignallingError("closed", "signalling is closed");
  await assert.rejects(lost.send("bob", "c", hangup), peer.failure);
  peer.failure = undefined;
  await lost.send("bob", "c", hangup);
  assert.equal(lost.size, 0);
});

const media = (microphone: boolean): Signal => ({ type: "call-media", microphone, camera: false });

test("of the states that did not arrive, a peer that can be reached again gets the newest only", async () => {
  const { lost, delivered, peer } = setUp();
  await assert.rejects(lost.send("bob", "c", media(false)), gone);
  await assert.rejects(lost.send("bob", "c", media(true)), gone);
  peer.failure = undefined;
  lost.onConnected("bob");
  lost.onConnected("bob");
  await settle();
  assert.deepEqual([delivered, lost.size], [[media(true)], 0]);
});

test("a state that is lost while a newer one arrives is not sent again", async () => {
  const { lost, delivered, peer } = setUp();
  const slow = Promise.withResolvers<void>();
  peer.before = () => slow.promise;
  const first = lost.send("bob", "c", media(false));
  peer.before = undefined;
  peer.failure = undefined;
  await lost.send("bob", "c", media(true));
  slow.reject(gone);
  await assert.rejects(first, gone);
  lost.onConnected("bob");
  await settle();
  assert.deepEqual([delivered, lost.size], [[media(true)], 0]);
});

test("a signal that arrives shows that its peer can be reached", async () => {
  const { lost, sent, peer } = setUp();
  await assert.rejects(lost.send("bob", "c", media(false)), gone);
  peer.failure = undefined;
  await lost.send("bob", "c", { type: "call-offer", sdp: "v=0" });
  await settle();
  assert.deepEqual(sent, ["bob c call-offer", "bob c call-media"]);
});

const attemptsOf = async (peerId: string, signals: number, t: TestContext): Promise<number> => {
  t.mock.method(performance, "now", () => nowMs);
  let nowMs = 1_000;
  const { lost, peer } = setUp();
  await assert.rejects(lost.send(peerId, "c", hangup), gone);
  let attempts = 0;
  peer.before = async () => {
    attempts += 1;
  };
  for (let sent = 0; sent < signals; sent += 1) {
    lost.onSignal(peerId);
    await settle();
    nowMs += 100;
  }
  return attempts;
};

test("signals of a peer that takes none of ours cause a repeat in five seconds at most", async (t) => {
  assert.equal(await attemptsOf("bob", 100, t), 2);
});

test("signals of a stranger cause no repeat", async (t) => {
  assert.equal(await attemptsOf("made-up", 100, t), 0);
});

test("a hang-up takes the place of the state that did not arrive", async () => {
  const { lost, sent, peer } = setUp();
  await assert.rejects(lost.send("bob", "c", media(false)), gone);
  await assert.rejects(lost.send("bob", "c", hangup), gone);
  peer.failure = undefined;
  lost.onConnected("bob");
  await settle();
  assert.deepEqual(sent, ["bob c call-hangup"]);
});

test("an old hang-up is given up, and their number is limited", async () => {
  const { lost, sent, peer } = setUp(-1);
  for (let index = 0; index < 100; index += 1)
    await assert.rejects(lost.send("bob", `call-${index}`, hangup), gone);
  assert.equal(lost.size, 64);
  peer.failure = undefined;
  lost.onConnected("bob");
  await settle();
  assert.deepEqual([sent, lost.size], [[], 0]);
});

test("refusals of strangers displace no hang-up of a peer that the user has chosen", async () => {
  const { lost, sent, peer } = setUp();
  await assert.rejects(lost.send("bob", "c", hangup), gone);
  for (let index = 0; index < 1_000; index += 1) {
    await assert.rejects(lost.send(`made-up-${index}`, "c", hangup), gone);
  }
  assert.ok(lost.size <= 17);
  peer.failure = undefined;
  lost.onConnected("bob");
  await settle();
  assert.deepEqual(sent, ["bob c call-hangup"]);
});
