// What the settings change while a call runs: its devices follow at once, as if the user had chosen in the call. And what
// the chart remembers of a device that does not work for a while.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { LiveSettingsChange } from "../../statecharts/index.ts";
import { live, MediaBench } from "./support/media-bench.ts";
import { connectedOut } from "./support/start-manager.ts";

const change = (part: Partial<LiveSettingsChange>) =>
  ({
    type: "settings.changed",
    preferred: {},
    isVoiceChanged: false,
    isVideoChanged: false,
    ...part,
  }) as const;

describe("settings that change in a call", () => {
  test("switch the devices that they name, and no other", () => {
    const bench = live();
    bench.send(change({ preferred: { camera: "camera-2", speaker: "speaker-2" } }));
    assert.deepEqual(bench.activity("camera").heard, ["use camera-2"]);
    assert.deepEqual(bench.activity("speaker").heard, ["use speaker-2"]);
    assert.deepEqual(bench.activity("microphone").heard, ["unmute"]);
  });

  test("are the choice from then on, in place of what was chosen in the call before", () => {
    const bench = live();
    bench.send({ type: "user.useMicrophone", deviceId: "microphone-2" });
    bench.send(change({ preferred: { microphone: "auto" } }));
    assert.equal(bench.context.microphone.choice, "auto");
  });

  test("open a device that was lost", () => {
    const bench = live();
    bench.loses("camera");
    bench.send(change({ preferred: { camera: "camera-2" } }));
    assert.equal(bench.state("camera"), "open.opening");
    assert.equal(bench.choices("camera").at(-1), "camera-2");
  });

  test("leave a camera off that the user switched off, and are heeded when it is on again", () => {
    const bench = live();
    bench.send({ type: "user.setCamera", on: false });
    bench.send(change({ preferred: { camera: "camera-2" }, isVideoChanged: true }));
    assert.equal(bench.state("camera"), "off");
    bench.send({ type: "user.setCamera", on: true });
    assert.equal(bench.choices("camera").at(-1), "camera-2");
  });

  test("reach the open microphone, muted or not, and the open camera", () => {
    const bench = live();
    bench.send({ type: "user.setMicrophone", on: false });
    bench.send(change({ isVoiceChanged: true, isVideoChanged: true }));
    assert.deepEqual(bench.activity("microphone").heard, ["unmute", "mute", "process"]);
    assert.deepEqual(bench.activity("camera").heard, ["renew"]);
  });

  test("reach a microphone that is still being opened", () => {
    const bench = new MediaBench();
    bench.send(change({ isVoiceChanged: true }));
    assert.deepEqual(bench.activity("microphone").heard, ["process"]);
  });

  test("do nothing twice: another device is opened with all that they say", () => {
    const bench = live();
    const preferred = { camera: "camera-2", microphone: "tone" };
    bench.send(change({ preferred, isVoiceChanged: true, isVideoChanged: true }));
    assert.deepEqual(bench.activity("camera").heard, ["use camera-2"]);
    assert.deepEqual(bench.activity("microphone").heard, ["unmute", "use tone"]);
  });

  test("reach the devices of the manager's running call", async () => {
    const manager = await connectedOut();
    const { timeouts } = manager.context;
    await manager.send({
      type: "settings.changed",
      timeouts,
      change: change({ preferred: { speaker: "none" } }),
    });
    assert.equal(manager.effects.running("speaker")[0]?.input.choice, "none");
  });
});

describe("a device that does not work for a while", () => {
  test("stays open and says why, until it works again", () => {
    for (const kind of ["microphone", "speaker"] as const) {
      const bench = live();
      const state = bench.state(kind);
      bench.activity(kind).send({ type: `device.${kind}Interrupted`, why: "the server is away" });
      assert.deepEqual([bench.state(kind), bench.context[kind].interruption], [state, "the server is away"]);
      bench.activity(kind).send({ type: `device.${kind}Resumed` });
      assert.deepEqual([bench.state(kind), bench.context[kind].interruption], [state, null]);
    }
  });

  test("is no longer waited for when it is lost, or when another takes its place", () => {
    const lost = live();
    lost.activity("speaker").send({ type: "device.speakerInterrupted", why: "the server is away" });
    lost.loses("speaker", "gone for good");
    assert.deepEqual([lost.context.speaker.interruption, lost.context.speaker.why], [null, "gone for good"]);
    const switched = live();
    switched.activity("speaker").send({ type: "device.speakerInterrupted", why: "the server is away" });
    switched.opens("speaker", "speaker-2");
    assert.equal(switched.context.speaker.interruption, null);
  });
});
