// A connection that is replaced during a call: the old connection, the devices, and pending operations.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Signal } from "../../../rpc-schema/index.ts";
import { CallBench, settle } from "../../support/plugin/call-bench.ts";

const CALL = "call-1";
const RECONNECT: Signal = { type: "call-reconnect", channelId: CALL, mediaType: "video" };
const benches: CallBench[] = [];
after(() => {
  for (const { manager } of benches) manager.stop();
});

/** Bob's page calls, and our user accepts. */
async function accepted(): Promise<CallBench> {
  const bench = new CallBench();
  benches.push(bench);
  bench.receiveSignal("bob", CALL, { type: "call-request", mode: "browser", mediaType: "video" });
  bench.manager.send({ type: "user.toCall", callId: CALL, event: { type: "user.accept", media: null } });
  await settle();
  return bench;
}

/** Creates a connection of the page, and delivers its offer. */
async function pageOffers(bench: CallBench): Promise<void> {
  const callbacks = {
    onCandidate: () => undefined,
    onConnectionState: () => undefined,
    onNegotiated: () => undefined,
    onPathTrouble: () => undefined,
    onRefused: () => undefined,
    onVideo: () => undefined,
    onAudio: () => undefined,
  };
  const page = await bench.engine.createPeer(
    { iceServers: [], maxVideoBitrateBps: 1, gatherMs: 300, placeOfPeer: () => "machine" as const },
    callbacks,
  );
  bench.receiveSignal("bob", CALL, { type: "call-offer", sdp: await page.createOffer() });
  await settle();
  const answer = bench.sent.findLast(({ signal }) => signal.type === "call-answer")?.signal;
  if (answer?.type === "call-answer") await page.acceptAnswer(answer.sdp);
  await settle();
}

test("the old connection closes, the devices stay open, and media use the new connection", async () => {
  const bench = await accepted();
  await pageOffers(bench);
  const [old] = bench.engine.peers;
  const devices = bench.open().filter((one) => one !== "peer");
  bench.receiveSignal("bob", CALL, RECONNECT);
  await settle();
  assert.equal(old?.isClosed, true);
  assert.deepEqual(
    bench.open().filter((one) => one !== "peer"),
    devices,
  );
  const [acknowledged, announced] = bench.sent.slice(-2).map(({ signal }) => signal);
  assert.deepEqual(acknowledged, {
    type: "call-reconnect-ack",
    mode: "native",
    platform: process.platform,
  });
  assert.equal(announced?.type, "call-media");
  await pageOffers(bench);
  const ours = bench.environment.mediaOf(CALL).peer;
  assert.ok(ours && ours !== old);
  assert.equal(ours.negotiatedDirections()?.video.sends, true);
  const [call] = bench.calls();
  assert.ok(call?.ref.getSnapshot().hasTag("connected"));
});

test("a hundred requests for a new connection leave one open, and none after the call", async () => {
  const bench = await accepted();
  for (let times = 0; times < 100; times += 1) {
    await pageOffers(bench);
    bench.receiveSignal("bob", CALL, RECONNECT);
  }
  await settle();
  const ours = bench.engine.peers.filter(
    ({ options, isClosed }) => !isClosed && options.maxVideoBitrateBps > 1,
  );
  assert.equal(ours.length, 1);
  bench.receiveSignal("bob", CALL, { type: "call-hangup" });
  await settle();
  assert.deepEqual(
    ours.map(({ isClosed }) => isClosed),
    [true],
  );
  assert.equal(bench.environment.mediaOf(CALL).peer, null);
});

test("a connection that is ready only after it was replaced is closed and never used", async () => {
  const bench = await accepted();
  await pageOffers(bench);
  const { createPeer } = bench.engine;
  const slow = Promise.withResolvers<void>();
  bench.engine.createPeer = async (...args) => {
    await slow.promise;
    return createPeer(...args);
  };
  bench.receiveSignal("bob", CALL, RECONNECT);
  bench.receiveSignal("bob", CALL, { type: "call-offer", sdp: "v=0 of a page that goes away" });
  bench.engine.createPeer = createPeer;
  bench.receiveSignal("bob", CALL, RECONNECT);
  await settle();
  const current = bench.environment.mediaOf(CALL).peer;
  assert.ok(current);
  slow.resolve();
  await settle();
  assert.equal(bench.environment.mediaOf(CALL).peer, current);
  assert.equal(bench.engine.peers.at(-1)?.isClosed, true);
});
