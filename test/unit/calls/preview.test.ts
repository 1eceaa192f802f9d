// A preview on fake engines: what it opens and when, its faults, hearing oneself, the test sound, and that everything closes.

import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import { SimulatedClock } from "xstate";
import { CaptureError } from "../../../native/types.ts";
import { providePreview } from "../../../plugin/calls/preview/preview-effects.ts";
import { Previews } from "../../../plugin/calls/preview/previews.ts";
import { SoundError } from "../../../plugin/sound/sound.ts";
import type { PluginNotificationName, PreviewInfo } from "../../../rpc-schema/index.ts";
import { ManualClock } from "../../support/fakes/manual-clock.ts";
import { CallBench, settle } from "../../support/plugin/call-bench.ts";

const open: Bench[] = [];
afterEach(() => {
  for (const { previews, call } of open.splice(0)) {
    previews.end("shutdown");
    call.manager.stop();
  }
});

const BUSY = new CaptureError("The camera is in use by another program", {
  operation: "VIDIOC_STREAMON",
  errno: "EBUSY",
  path: "/dev/fake",
});

class Bench {
  readonly call = new CallBench();
  readonly charts = new SimulatedClock();
  readonly sounds = new ManualClock();
  readonly notified: { name: PluginNotificationName; params: unknown }[] = [];
  readonly previews: Previews;

  constructor() {
    const { machine, forget } = providePreview(this.call.environment, this.sounds);
    this.previews = new Previews({
      machine,
      environment: this.call.environment,
      notify: (name, params) => void this.notified.push({ name, params }),
      forget,
      createId: () => `preview-${this.notified.length}`,
      clock: this.charts,
    });
    open.push(this);
  }

  async start(wanted = { camera: true, microphone: true }): Promise<string> {
    const id = this.previews.start(wanted);
    await settle();
    return id;
  }

  info(): PreviewInfo {
    return this.previews.info() ?? assert.fail("there is no preview");
  }

  ends(): unknown[] {
    return this.notified.filter(({ name }) => name === "preview.ended").map(({ params }) => params);
  }
}

async function started(wanted?: { camera: boolean; microphone: boolean }) {
  const bench = new Bench();
  const id = await bench.start(wanted);
  return { bench, id, call: bench.call };
}

describe("a preview", () => {
  test("opens camera and microphone, shows the own picture, and leaves the speaker closed", async () => {
    const { bench, id, call } = await started();
    assert.deepEqual(call.open(), ["camera", "microphone"]);
    call.cameras.emitFrame();
    assert.deepEqual(call.frames.shown, [`${id} local`]);
    assert.deepEqual([bench.info().camera.state, bench.info().microphone.state], ["live", "live"]);
    assert.equal(call.sent.length, 0);
  });

  test("opens only what was asked for", async () => {
    assert.deepEqual((await started({ camera: true, microphone: false })).call.open(), ["camera"]);
    assert.deepEqual((await started({ camera: false, microphone: true })).call.open(), ["microphone"]);
    const { bench, call } = await started({ camera: false, microphone: false });
    assert.deepEqual([call.open(), bench.info().camera.state], [[], "off"]);
  });

  test("closes every device when it ends, and says why once", async () => {
    const { bench, id, call } = await started();
    bench.previews.end("stopped");
    bench.previews.end("shutdown");
    await settle();
    assert.deepEqual(call.open(), []);
    assert.deepEqual(bench.ends(), [{ previewId: id, reason: "stopped" }]);
    assert.deepEqual(call.frames.endedCalls, [id]);
  });

  test("that ends while its devices open leaves none of them open", async () => {
    const bench = new Bench();
    bench.previews.start({ camera: true, microphone: true });
    bench.previews.end("call");
    await settle();
    assert.deepEqual(bench.call.open(), []);
  });

  test("is replaced by the next one, which waits until the devices are closed", async () => {
    const { bench, id, call } = await started();
    const next = await bench.start();
    assert.deepEqual(bench.ends(), [{ previewId: id, reason: "replaced" }]);
    assert.deepEqual(call.open(), ["camera", "microphone"]);
    call.cameras.emitFrame();
    assert.deepEqual(call.frames.shown, [`${next} local`]);
  });

  test("tells the faults of devices as a call does, and recovers when the user chooses another one", async () => {
    const bench = new Bench();
    bench.call.cameras.failNextOpen = BUSY;
    bench.call.sound.failNextOpen = new SoundError("the microphone may not be opened by this user");
    await bench.start();
    const { camera, microphone } = bench.info();
    assert.deepEqual([camera.state, microphone.state], ["lost", "lost"]);
    assert.match(camera.why ?? "", /in use by another program/);
    assert.match(microphone.why ?? "", /may not be opened/);
    bench.call.changeSettings({ camera: "test-pattern", microphone: "tone" });
    await settle();
    const after = bench.info();
    assert.deepEqual([after.camera.deviceId, after.microphone.deviceId], ["test-pattern", "tone"]);
    assert.deepEqual([after.camera.why, after.microphone.why], [undefined, undefined]);
  });

  test("tells that a device was unplugged or its sound server is gone, and opens it when it is back", async () => {
    const { bench, call } = await started();
    const [camera] = call.cameras.openNow;
    const { devices } = call.cameras;
    camera?.unplug();
    call.sound.interrupt("microphone", "the sound server is gone");
    await settle();
    assert.match(bench.info().camera.why ?? "", /unplugged/);
    assert.equal(bench.info().microphone.why, "the sound server is gone");
    call.sound.resume("microphone");
    call.cameras.change([...devices, { id: "other", name: "Other", isDefault: false }]);
    while (bench.info().camera.state !== "live") await settle();
    assert.equal(bench.info().microphone.why, undefined);
  });

  test("follows the choice of devices while they are open", async () => {
    const { bench, call } = await started();
    call.changeSettings({ camera: "test-pattern" });
    await settle();
    call.cameras.emitFrame();
    await settle();
    assert.equal(bench.info().camera.deviceId, "test-pattern");
    assert.equal(call.cameras.openNow.length, 1);
  });
});

const LOUD = new Int16Array(480).fill(12_000);

describe("hearing oneself", () => {
  test("records three seconds, plays them on the chosen speaker, drops them and closes the speaker", async () => {
    const { bench, call } = await started();
    assert.equal(bench.previews.play("hearYourself"), true);
    assert.equal(bench.info().sound, "recording");
    for (let block = 0; block < 300; block += 1) call.sound.emitBlock(LOUD);
    assert.deepEqual(call.open(), ["camera", "microphone"]);
    bench.charts.increment(3_000);
    await settle();
    assert.equal(bench.info().sound, "playing");
    assert.deepEqual(call.sound.openIds("speaker"), ["fake:speaker"]);
    bench.sounds.advance(4_000);
    await settle();
    assert.equal(call.sound.played.length, 300);
    assert.deepEqual(call.sound.played[0]?.samples, LOUD);
    assert.deepEqual([bench.info().sound, call.sound.openIds("speaker")], ["quiet", []]);
    assert.equal(bench.sounds.timers, 0);
  });

  test("keeps at most three and a half seconds, however much the microphone gives", async () => {
    const { bench, call } = await started();
    bench.previews.play("hearYourself");
    for (let block = 0; block < 2_000; block += 1) call.sound.emitBlock(LOUD);
    bench.charts.increment(3_000);
    await settle();
    bench.sounds.advance(30_000);
    await settle();
    assert.equal(call.sound.played.length, 350);
  });

  test("needs an open microphone, and one sound is over before the next begins", async () => {
    const { bench } = await started({ camera: true, microphone: false });
    assert.equal(bench.previews.play("hearYourself"), false);
    assert.equal(bench.previews.play("testSound"), true);
    assert.equal(bench.previews.play("testSound"), false);
    assert.equal(new Bench().previews.play("testSound"), false);
  });

  test("ends when the microphone is lost", async () => {
    const { bench, call } = await started();
    bench.previews.play("hearYourself");
    call.sound.lose("microphone", "unplugged");
    await settle();
    assert.deepEqual([bench.info().sound, bench.info().microphone.why], ["quiet", "unplugged"]);
  });

  test("is cut off by the end of the preview, and the speaker closes", async () => {
    const { bench, call } = await started();
    bench.previews.play("hearYourself");
    call.sound.emitBlock(LOUD);
    bench.charts.increment(3_000);
    await settle();
    bench.previews.end("call");
    await settle();
    assert.deepEqual(call.open(), []);
    assert.equal(bench.sounds.timers, 0);
  });
});

describe("the test sound", () => {
  test("is played on the chosen speaker, below a quarter of full scale and without a click", async () => {
    const { bench, call } = await started({ camera: false, microphone: false });
    bench.previews.play("testSound");
    await settle();
    bench.sounds.advance(2_000);
    await settle();
    const samples = call.sound.played.flatMap(({ samples: block }) => [...block]);
    assert.equal(samples.length, 0.9 * 48_000);
    assert.ok(Math.max(...samples.map(Math.abs).slice(0, 40_000)) <= 8_192);
    assert.deepEqual([samples[0], samples.at(-1)], [0, 0]);
    assert.deepEqual([bench.info().sound, call.open()], ["quiet", []]);
  });

  test("tells why it was not played", async () => {
    const { bench, call } = await started({ camera: false, microphone: false });
    call.sound.failNextOpen = new SoundError("the speaker is in use");
    bench.previews.play("testSound");
    await settle();
    assert.deepEqual([bench.info().sound, bench.info().soundWhy], ["quiet", "the speaker is in use"]);
    bench.previews.play("testSound");
    await settle();
    assert.deepEqual([bench.info().sound, bench.info().soundWhy], ["testSound", undefined]);
    call.sound.lose("speaker", "unplugged");
    await settle();
    assert.equal(bench.info().soundWhy, "unplugged");
  });
});
