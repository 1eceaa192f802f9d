// Settings that change during a call, and their effect on devices. Also how an interrupted device is reported to the host.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { liveSettingsChange } from "../../../plugin/calls/settings-change.ts";
import { settingsSchema } from "../../../rpc-schema/index.ts";
import { FAKE_CAMERA_ID } from "../../support/fakes/fake-cameras.ts";
import { createFakeSignallingNetwork } from "../../support/fakes/fake-signalling.ts";
import { settle } from "../../support/plugin/call-bench.ts";
import { PluginBench } from "../../support/plugin/plugin-pair.ts";

const open: PluginBench[] = [];
after(() => Promise.all(open.map((bench) => bench.end())));

type Kind = "camera" | "microphone" | "speaker";

/** Alice is in a video call, and all her devices are live. */
async function inCall(): Promise<PluginBench> {
  const network = createFakeSignallingNetwork();
  const [alice, bob] = [new PluginBench(network), new PluginBench(network)];
  open.push(alice, bob);
  await alice.start();
  const peerId = await bob.start();
  const { callId } = await alice.host.request("call.start", { peerId, media: "video" });
  await bob.waitFor("call.incoming");
  await bob.host.request("call.accept", { callId });
  await alice.waitFor(
    "call.changed",
    ({ phase, local }) => phase === "connected" && local.camera.state === "live",
  );
  await becomes(alice, "microphone", { state: "live" });
  return alice;
}

const becomes = (
  bench: PluginBench,
  kind: Kind,
  wanted: { state?: string; deviceId?: string; why?: string },
) =>
  bench.waitFor("call.changed", ({ local }) =>
    Object.entries(wanted).every(([name, value]) => local[kind][name as keyof typeof wanted] === value),
  );

describe("a change of settings during a call", () => {
  test("of the voice processing applies to the open microphone, which stays open", async () => {
    const alice = await inCall();
    await alice.host.request("settings.update", { settings: { noiseSuppression: false } });
    const options = alice.sound.microphoneOptions.map(({ processing }) => processing);
    assert.deepEqual(
      options.map(({ echoCancellation, noiseSuppression }) => [echoCancellation, noiseSuppression]),
      [
        [true, true],
        [true, false],
      ],
    );
    assert.equal(alice.sound.openIds("microphone").length, 1);
  });

  test("of microphone and speaker switches the devices", async () => {
    const alice = await inCall();
    await alice.host.request("settings.update", { settings: { microphone: "tone", speaker: "none" } });
    await becomes(alice, "microphone", { deviceId: "tone", state: "live" });
    await becomes(alice, "speaker", { deviceId: "none", state: "live" });
    assert.deepEqual(
      [alice.sound.openIds("microphone"), alice.sound.openIds("speaker")],
      [["tone"], ["none"]],
    );
  });

  test("to a missing device leaves the call with another device, and a reason", async () => {
    const alice = await inCall();
    await alice.host.request("settings.update", { settings: { microphone: "missing" } });
    const { local } = await alice.waitFor("call.changed", (call) => call.local.microphone.why !== undefined);
    assert.match(local.microphone.why ?? "", /missing/);
  });

  test("of the camera switches to it with its first frame", async () => {
    const alice = await inCall();
    await alice.host.request("settings.update", { settings: { camera: "test-pattern" } });
    await settle();
    assert.deepEqual(
      alice.cameras.openNow.map(({ deviceId }) => deviceId),
      [FAKE_CAMERA_ID, "test-pattern"],
    );
    alice.cameras.openNow[1]?.emitFrame();
    await becomes(alice, "camera", { deviceId: "test-pattern" });
  });

  test("of the frame size reopens the same camera", async () => {
    const alice = await inCall();
    const picture = { width: 320, height: 240, fps: 15 };
    await alice.host.request("settings.update", { settings: { picture } });
    await alice.waitFor("call.changed", ({ sending }) => sending.width === 320 && sending.height === 240);
    assert.deepEqual(
      alice.cameras.openNow.map(({ deviceId }) => deviceId),
      [FAKE_CAMERA_ID],
    );
    assert.equal(alice.cameras.opened.at(-1)?.mode.fps, 15);
  });

  test("contains only what differs", () => {
    const settings = settingsSchema.parse({});
    assert.deepEqual(liveSettingsChange(settings, structuredClone(settings)), {
      preferred: {},
      isVoiceChanged: false,
      isVideoChanged: false,
    });
    const now = { ...settings, camera: "none", automaticGain: false, toneHz: 600 };
    assert.deepEqual(liveSettingsChange(settings, now), {
      preferred: { camera: "none" },
      isVoiceChanged: true,
      isVideoChanged: false,
    });
  });
});

test("a camera whose pictures are damaged is reported to the host as opening, with the reason, until it works again", async () => {
  const alice = await inCall();
  alice.cameras.openNow[0]?.interrupt("its pictures are damaged: they are cut short");
  await becomes(alice, "camera", { state: "opening", why: "its pictures are damaged: they are cut short" });
  alice.cameras.openNow[0]?.resume();
  await settle();
  const { calls } = await alice.host.request("call.list", {});
  assert.deepEqual([calls[0]?.local.camera.state, calls[0]?.local.camera.why], ["live", undefined]);
  assert.equal(calls[0]?.local.mediaLevel, "pictureAndVoice");
});

test("an interrupted sound device is reported to the host as opening, with the reason", async () => {
  const alice = await inCall();
  for (const kind of ["microphone", "speaker"] as const) {
    alice.sound.interrupt(kind, "the sound server is down");
    await becomes(alice, kind, { state: "opening", why: "the sound server is down" });
    alice.sound.resume(kind);
    await settle();
    const { calls } = await alice.host.request("call.list", {});
    assert.deepEqual([calls[0]?.local[kind].state, calls[0]?.local[kind].why], ["live", undefined]);
  }
});
