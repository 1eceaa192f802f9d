// What a call tells its host about a device that works but is muted, or that the system moved to another one.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { describeCall } from "../../../plugin/calls/call-info.ts";
import type { CallInfo } from "../../../rpc-schema/index.ts";
import { CallBench, settle } from "../../support/plugin/call-bench.ts";

const benches: CallBench[] = [];
after(() => {
  for (const { manager } of benches) manager.stop();
});

async function inCall(microphone = "auto"): Promise<CallBench> {
  const bench = new CallBench();
  bench.settings = { ...bench.settings, microphone };
  benches.push(bench);
  bench.receiveSignal("carol", "call-1", { type: "call-request", mode: "native", mediaType: "audio" });
  bench.manager.send({ type: "user.toCall", callId: "call-1", event: { type: "user.accept", media: null } });
  await settle();
  return bench;
}

function localOf(bench: CallBench): CallInfo["local"] {
  const [call] = bench.calls();
  const media = bench.environment.mediaOf("call-1");
  return describeCall(call ?? assert.fail(), {
    createdAt: 0,
    connectedAt: null,
    quality: "unknown",
    peerLabel: "",
    negotiated: null,
    sending: media.sendFormat(),
    soundStatus: media.soundStatus,
  }).local;
}

test("a muted microphone is live, and its call tells why nothing is heard until it is unmuted", async () => {
  const bench = await inCall();
  const status = { deviceId: "fake:mic", deviceName: "Fake fake:mic" };
  bench.sound.report("microphone", { ...status, notice: "Mic is muted" });
  assert.deepEqual(localOf(bench).microphone, { state: "live", ...status, why: "Mic is muted" });
  bench.sound.report("microphone", { ...status, notice: null });
  assert.deepEqual(localOf(bench).microphone, { state: "live", ...status });
});

test("a speaker that the system's settings moved has its new name", async () => {
  const bench = await inCall();
  const notice = "the system's sound settings chose Headset";
  bench.sound.report("speaker", { deviceId: "fake:headset", deviceName: "Headset", notice });
  const { deviceId, deviceName, why } = localOf(bench).speaker;
  assert.deepEqual([deviceId, deviceName, why], ["fake:headset", "Headset", notice]);
});

test("a setting with the id of an earlier version means today's device, also when that one returns", async () => {
  const bench = await inCall("former:mic");
  const [call] = bench.calls();
  const media = call?.ref.getSnapshot().children.media?.getSnapshot();
  assert.equal(media?.context.environment?.preferred.microphone, "fake:mic");
});

test("the report about a device ends with it", async () => {
  const bench = await inCall();
  bench.sound.report("microphone", { deviceId: "fake:mic", deviceName: "Mic", notice: "Mic is muted" });
  bench.sound.lose("microphone", "unplugged");
  await settle();
  assert.notEqual(localOf(bench).microphone.why, "Mic is muted");
});
