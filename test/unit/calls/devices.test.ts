// When devices and connections of calls open and close, in which order, and what passes through them.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { CaptureError } from "../../../native/types.ts";
import { createDeviceMutex } from "../../../plugin/calls/device-mutex.ts";
import { BLOCK_SAMPLES, SoundError } from "../../../plugin/sound/sound.ts";
import type { Signal } from "../../../rpc-schema/index.ts";
import { CallBench, type CallBenchOptions, settle } from "../../support/plugin/call-bench.ts";

const CALL = "call-1";
const REQUEST: Signal = { type: "call-request", mediaType: "video" };
/** Known as a plugin, the peer is certain to take our picture, so the camera opens at once. */
const FROM_PLUGIN: Signal = { type: "call-media", microphone: true, camera: true };

const benches: CallBench[] = [];
after(() => {
  for (const { manager } of benches) manager.stop();
});

function createBench(options: CallBenchOptions = {}): CallBench {
  const bench = new CallBench(options);
  benches.push(bench);
  return bench;
}

async function accepted(bench = createBench(), callId = CALL): Promise<CallBench> {
  bench.receiveSignal("bob", callId, REQUEST);
  bench.receiveSignal("bob", callId, FROM_PLUGIN);
  bench.manager.send({ type: "user.toCall", callId, event: { type: "user.accept", media: null } });
  await settle();
  return bench;
}

function send(
  bench: CallBench,
  event: Parameters<typeof bench.manager.send>[0] & { type: "user.toCall" },
): void {
  bench.manager.send(event);
}

function hangUp(bench: CallBench, callId = CALL): void {
  send(bench, { type: "user.toCall", callId, event: { type: "user.hangup" } });
}

/** A device that opens and closes when the test says so. */
function slowDevice() {
  const opening = Promise.withResolvers<void>();
  const closing = Promise.withResolvers<void>();
  const events: string[] = [];
  const device = {
    close: () => {
      events.push("closing");
      return closing.promise.then(() => void events.push("closed"));
    },
  };
  return {
    events,
    finishOpening: opening.resolve,
    failOpening: opening.reject,
    finishClosing: closing.resolve,
    open: async () => {
      events.push("opening");
      await opening.promise;
      return device;
    },
    onOpened: () => void events.push("opened"),
    onFailed: (error: unknown) => void events.push(`failed: ${String(error)}`),
  };
}

describe("the device mutex", () => {
  const createMutex = () => {
    const failures: unknown[] = [];
    return { failures, mutex: createDeviceMutex((error) => failures.push(error)) };
  };

  test("opens, reports and closes at the release", async () => {
    const { mutex } = createMutex();
    const device = slowDevice();
    const release = mutex.hold(device.open, device.onOpened, device.onFailed);
    await settle();
    device.finishOpening();
    await settle();
    assert.deepEqual(device.events, ["opening", "opened"]);
    release();
    device.finishClosing();
    await mutex.idle();
    assert.deepEqual(device.events, ["opening", "opened", "closing", "closed"]);
  });

  test("closes a device that was released while it opened, without reporting it as opened", async () => {
    const { mutex } = createMutex();
    const device = slowDevice();
    const release = mutex.hold(device.open, device.onOpened, device.onFailed);
    await settle();
    release();
    device.finishOpening();
    device.finishClosing();
    await mutex.idle();
    assert.deepEqual(device.events, ["opening", "closing", "closed"]);
  });

  test("never opens a device that was released while waiting", async () => {
    const { mutex } = createMutex();
    const [first, second, third] = [slowDevice(), slowDevice(), slowDevice()];
    const releaseFirst = mutex.hold(first.open, first.onOpened, first.onFailed);
    const releaseSecond = mutex.hold(second.open, second.onOpened, second.onFailed);
    mutex.hold(third.open, third.onOpened, third.onFailed);
    first.finishOpening();
    await settle();
    releaseSecond();
    releaseFirst();
    first.finishClosing();
    await settle();
    assert.deepEqual([second.events, third.events], [[], ["opening"]]);
  });

  test("opens the next device only after the last one is closed", async () => {
    const { mutex } = createMutex();
    const [first, second] = [slowDevice(), slowDevice()];
    const release = mutex.hold(first.open, first.onOpened, first.onFailed);
    mutex.hold(second.open, second.onOpened, second.onFailed);
    first.finishOpening();
    await settle();
    release();
    await settle();
    assert.deepEqual([first.events.at(-1), second.events], ["closing", []]);
    first.finishClosing();
    await settle();
    assert.deepEqual(second.events, ["opening"]);
  });

  test("proceeds after a failed opening, and reports it only to a holder that was not released", async () => {
    const { mutex } = createMutex();
    const [failed, abandoned, next] = [slowDevice(), slowDevice(), slowDevice()];
    const releaseFailed = mutex.hold(failed.open, failed.onOpened, failed.onFailed);
    failed.failOpening("EBUSY");
    await settle();
    assert.deepEqual(failed.events, ["opening", "failed: EBUSY"]);
    releaseFailed();
    const releaseAbandoned = mutex.hold(abandoned.open, abandoned.onOpened, abandoned.onFailed);
    await settle();
    releaseAbandoned();
    abandoned.failOpening("ENODEV");
    mutex.hold(next.open, next.onOpened, next.onFailed);
    await settle();
    assert.deepEqual([abandoned.events, next.events], [["opening"], ["opening"]]);
  });

  test("proceeds after a failed close, and reports it", async () => {
    const { mutex, failures } = createMutex();
    const [first, next] = [slowDevice(), slowDevice()];
    const release = mutex.hold(first.open, first.onOpened, first.onFailed);
    first.finishOpening();
    await settle();
    release();
    (first.finishClosing as (value: unknown) => void)(Promise.reject(new Error("EIO")));
    mutex.hold(next.open, next.onOpened, next.onFailed);
    await settle();
    assert.deepEqual(failures.map(String), ["Error: EIO"]);
    assert.deepEqual(next.events, ["opening"]);
  });
});

describe("the devices of a call", () => {
  test("open with the accept and close with the end, whichever side ends the call", async () => {
    for (const end of [
      hangUp,
      (bench: CallBench) => bench.receiveSignal("bob", CALL, { type: "call-hangup" }),
    ]) {
      const bench = await accepted();
      assert.deepEqual(bench.open(), ["camera", "microphone", "speaker", "peer"]);
      end(bench);
      await settle();
      assert.deepEqual(bench.open(), []);
      assert.deepEqual(bench.frames.endedCalls, [CALL]);
    }
  });

  test("close when the call ends before they are open", async () => {
    const bench = createBench();
    bench.receiveSignal("bob", CALL, REQUEST);
    send(bench, { type: "user.toCall", callId: CALL, event: { type: "user.accept", media: null } });
    hangUp(bench);
    await settle();
    assert.deepEqual(bench.open(), []);
    assert.equal(bench.ended[0]?.end.reason, "hungUp");
  });

  test("of the next call open only after those of the last call are closed", async () => {
    const bench = await accepted();
    const camera = bench.cameras.openNow[0] ?? assert.fail("no camera");
    const closing = Promise.withResolvers<void>();
    const close = camera.close.bind(camera);
    camera.close = () => closing.promise.then(close);
    hangUp(bench);
    await settle();
    await accepted(bench, "call-2");
    assert.deepEqual(bench.cameras.opened.length, 1);
    closing.resolve();
    await settle();
    assert.equal(bench.cameras.opened.length, 2);
    assert.equal(bench.cameras.openNow.length, 1);
  });

  test("that fail to open are reported as lost, and the call goes on", async () => {
    const bench = createBench();
    const busy = { operation: "open", errno: "EBUSY", path: "/dev/video0" };
    bench.cameras.failNextOpen = new CaptureError("the camera is busy", busy);
    bench.sound.failNextOpen = new SoundError("no sound server");
    await accepted(bench);
    const media = bench.calls()[0]?.ref.getSnapshot().children.media?.getSnapshot();
    assert.ok(media?.matches({ camera: "lost", microphone: "lost" }));
    assert.equal(media?.context.camera.why, "the camera is busy");
    assert.equal(media?.context.microphone.why, "no sound server");
  });

  test("that are unplugged are closed, and their frames stay counted", async () => {
    const bench = await accepted();
    bench.cameras.emitFrame();
    bench.cameras.openNow[0]?.unplug();
    await settle();
    assert.deepEqual(bench.cameras.openNow, []);
    send(bench, { type: "user.toCall", callId: CALL, event: { type: "user.setCamera", on: true } });
    await settle();
    bench.cameras.emitFrame();
    bench.cameras.emitFrame();
    const { captured, sent } = bench.environment.mediaOf(CALL).counts();
    assert.deepEqual([captured, sent], [3, 3]);
  });

  test("include no camera when the setting is none", async () => {
    const bench = createBench();
    bench.settings = { ...bench.settings, camera: "none" };
    await accepted(bench);
    assert.deepEqual(bench.cameras.opened, []);
  });

  test("give no frame after the camera is switched off, even while it is being closed", async () => {
    const bench = await accepted();
    const camera = bench.cameras.openNow[0] ?? assert.fail("no camera");
    camera.close = () => new Promise<void>(() => undefined);
    camera.emitFrame();
    send(bench, { type: "user.toCall", callId: CALL, event: { type: "user.setCamera", on: false } });
    camera.emitFrame();
    assert.deepEqual(bench.frames.shown, [`${CALL} local`]);
    assert.equal(bench.environment.mediaOf(CALL).counts().sent, 1);
  });

  test("give no audio block after the microphone is muted, even if some are in transit", async () => {
    const bench = await accepted();
    const peer = bench.engine.peers[0] ?? assert.fail("no connection");
    let blocks = 0;
    peer.sendAudio = () => {
      blocks += 1;
    };
    const setMuted = bench.environment.mediaOf(CALL).microphone ?? assert.fail("no microphone");
    setMuted.setMuted = () => undefined;
    bench.sound.emitBlock();
    send(bench, { type: "user.toCall", callId: CALL, event: { type: "user.setMicrophone", on: false } });
    bench.sound.emitBlock();
    assert.equal(blocks, 1);
    send(bench, { type: "user.toCall", callId: CALL, event: { type: "user.setMicrophone", on: true } });
    bench.sound.emitBlock();
    assert.equal(blocks, 2);
  });

  test("report how loud a muted microphone hears its user, and send none of it", async () => {
    const bench = await accepted();
    const peer = bench.engine.peers[0] ?? assert.fail("no connection");
    peer.sendAudio = () => assert.fail("a muted microphone sends nothing");
    const media = bench.environment.mediaOf(CALL);
    const setMicrophone = (on: boolean) =>
      send(bench, { type: "user.toCall", callId: CALL, event: { type: "user.setMicrophone", on } });
    const speak = () => bench.sound.emitBlock(new Int16Array(BLOCK_SAMPLES).fill(8_192));
    assert.equal(media.takeLevels().mutedMicrophone, undefined);
    setMicrophone(false);
    speak();
    assert.deepEqual(media.takeLevels(), { microphone: 0, speaker: 0, mutedMicrophone: 0.25 });
    assert.equal(media.takeLevels().mutedMicrophone, undefined);
    peer.sendAudio = () => undefined;
    setMicrophone(true);
    speak();
    assert.deepEqual(media.takeLevels(), { microphone: 0.25, speaker: 0 });
  });
});

describe("the connection of a call", () => {
  test("that cannot be created ends the call as mediaFailed, with the engine's message", async () => {
    const bench = createBench();
    bench.engine.faults.cannotLoad = true;
    await accepted(bench);
    assert.equal(bench.ended[0]?.end.reason, "mediaFailed");
    assert.match(bench.ended[0]?.end.detail ?? "", /set to fail/);
    assert.deepEqual(bench.open(), []);
  });

  test("drops an unusable candidate instead of failing", async () => {
    const bench = await accepted();
    const peer = bench.engine.peers[0] ?? assert.fail("no connection");
    peer.addCandidate = () => {
      throw new Error("no use for it");
    };
    bench.receiveSignal("bob", CALL, { type: "ice-candidate", candidate: { candidate: "candidate:1" } });
    await settle();
    assert.ok(bench.logged.some((line) => line.includes("no use for it")));
    assert.equal(bench.calls().length, 1);
  });

  test("sends the hang-up without an abort signal, since the call does not wait for it", async () => {
    const aborts: boolean[] = [];
    const bench = await accepted(
      createBench({
        send: async (_peerId, _callId, { type }, abort) => {
          if (type === "call-hangup") aborts.push(abort !== undefined);
        },
      }),
    );
    hangUp(bench);
    await settle();
    assert.deepEqual(aborts, [false]);
  });
});
