// Credit, replacement, pace, and the fate of every frame, with an encoder and an outlet under the test's control.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createFrames } from "../../../plugin/frames/create-frames.ts";
import { frameLineRoute } from "../../../plugin/frames/frame-line.ts";
import type { LogLevel } from "../../../plugin/log.ts";
import {
  frameMethods,
  MAX_STREAMS_PER_CALL,
  type Params,
  pluginNotifications,
  RpcError,
} from "../../../rpc-schema/index.ts";
import {
  type CountedFrame,
  countedFrame,
  FakeNative,
  FakeOutlet,
  next,
  settled,
} from "../../support/fakes/fake-frames.ts";

function setUp() {
  const native = new FakeNative();
  const outlet = new FakeOutlet();
  const clock = { ms: 0 };
  const logged: [LogLevel, string][] = [];
  const log = (level: LogLevel, message: string) => void logged.push([level, message]);
  const frames = createFrames({ native, outlet, now: () => clock.ms, log });
  const subscribe = async (options: Partial<Params<"frames.subscribe">> = {}) => {
    const params = { callId: "c", source: "remote", ...options };
    return (await frames.subscribe(frameMethods["frames.subscribe"].params.parse(params))).stream;
  };
  /** Offers a frame 1/30 s after the last. */
  const offer = (mark: number): CountedFrame => {
    clock.ms += 1000 / 30;
    const frame = countedFrame(mark);
    frames.offer("c", "remote", frame);
    return frame;
  };
  const deliver = async () => {
    next(native.encodes).finish();
    await settled();
    next(outlet.writes).finish();
    await settled();
  };
  return { native, outlet, clock, logged, frames, subscribe, offer, deliver };
}

const marksOf = (outlet: FakeOutlet) => outlet.lines.map((line) => Number(/picture(\d+)/.exec(line)?.[1]));

describe("frames", () => {
  test("a frame becomes one line that the schema accepts, with a unique data URL", async () => {
    const { outlet, subscribe, offer, deliver } = setUp();
    const stream = await subscribe();
    offer(7);
    await deliver();
    const line = JSON.parse(outlet.lines[0] ?? "");
    assert.deepEqual(pluginNotifications.frame.params.parse(line.params), {
      stream,
      seq: 1,
      capturedAt: 1_700_000_000_007,
      width: 4,
      height: 2,
      dataUrl: `data:image/jpeg;n=${stream}-1;base64,picture7`,
    });
    assert.deepEqual(frameLineRoute(Buffer.from(outlet.lines[0] ?? "")), { stream, seq: 1 });
  });

  test("credit limits the sent frames, and an acknowledgement covers all frames up to its seq", async () => {
    const { native, outlet, frames, subscribe, offer, deliver } = setUp();
    const stream = await subscribe({ credit: 2 });
    offer(1);
    await deliver();
    offer(2);
    await deliver();
    offer(3);
    assert.equal(native.encodes.length, 0, "unsent frames are not encoded");
    frames.acknowledge(stream, 2);
    await deliver();
    offer(4);
    await deliver();
    offer(5);
    assert.equal(native.encodes.length, 0);
    frames.acknowledge(stream, 3);
    await deliver();
    assert.deepEqual(marksOf(outlet), [1, 2, 3, 4, 5]);
  });

  test("acknowledging unsent frames grants no credit", async () => {
    const { native, frames, subscribe, offer, deliver } = setUp();
    const stream = await subscribe({ credit: 1 });
    frames.acknowledge(stream, 1_000_000);
    frames.acknowledge("no such stream", 1);
    offer(1);
    await deliver();
    offer(2);
    assert.equal(native.encodes.length, 0);
    frames.acknowledge(stream, 0);
    assert.equal(native.encodes.length, 0, "an old acknowledgement has no effect");
  });

  test("while one frame is being sent the newest waits and those between are released", async () => {
    const { outlet, frames, subscribe, offer, deliver } = setUp();
    await subscribe();
    offer(1);
    const between = [offer(2), offer(3)];
    const newest = offer(4);
    assert.deepEqual(
      between.map((frame) => frame.held()),
      [0, 0],
    );
    assert.equal(newest.held(), 2, "it waits, and is retained for a snapshot");
    await deliver();
    await deliver();
    assert.deepEqual(marksOf(outlet), [1, 4]);
    assert.deepEqual(frames.counts("c", "remote"), {
      offered: 4,
      unwatched: 0,
      paced: 0,
      replaced: 2,
      failed: 0,
      written: 2,
      waiting: 0,
    });
  });

  test("the next frame is encoded only after the previous one was written", async () => {
    const { native, outlet, subscribe, offer } = setUp();
    await subscribe({ credit: 8 });
    offer(1);
    next(native.encodes).finish();
    await settled();
    offer(2);
    assert.equal(native.encodes.length, 0, "the encoder's buffer is being written");
    next(outlet.writes).finish();
    await settled();
    assert.equal(native.encodes.length, 1);
  });

  test("a frame is released as soon as it is encoded", async () => {
    const { native, subscribe, offer } = setUp();
    await subscribe();
    const first = offer(1);
    offer(2);
    assert.equal(first.held(), 1, "the encoder reads it");
    next(native.encodes).finish();
    await settled();
    assert.equal(first.held(), 0);
  });

  test("a stream that ends during encoding sends nothing and releases everything", async () => {
    const { native, outlet, frames, subscribe, offer } = setUp();
    const stream = await subscribe();
    const encoding = offer(1);
    const waiting = offer(2);
    frames.unsubscribe(stream);
    assert.equal(waiting.held(), 1, "for a snapshot only");
    next(native.encodes).finish();
    await settled();
    assert.equal(encoding.held(), 0);
    assert.equal(outlet.writes.length, 0);
    assert.equal(frames.counts("c", "remote").unwatched, 2);
    assert.throws(
      () => frames.unsubscribe(stream),
      (error) => error instanceof RpcError && error.kind === "unknownStream",
    );
  });

  test("a frame that cannot be encoded is counted and logged once, and the stream continues", async () => {
    const { native, outlet, logged, frames, subscribe, offer, deliver } = setUp();
    await subscribe();
    for (const mark of [1, 2]) {
      const frame = offer(mark);
      next(native.encodes).fail(new Error("tjCompress: bogus"));
      await settled();
      assert.equal(frame.held(), 1, "for a snapshot only");
    }
    offer(3);
    await deliver();
    assert.equal(frames.counts("c", "remote").failed, 2);
    assert.deepEqual(marksOf(outlet), [3]);
    assert.equal(JSON.parse(outlet.lines[0] ?? "").params.seq, 1, "no seq was used");
    assert.deepEqual(
      logged.map(([level]) => level),
      ["error"],
    );
  });

  test("a frame that could not be written uses neither seq nor credit", async () => {
    const { native, outlet, frames, subscribe, offer, deliver } = setUp();
    await subscribe({ credit: 1 });
    offer(1);
    next(native.encodes).finish();
    await settled();
    next(outlet.writes).fail(new Error("too long"));
    await settled();
    offer(2);
    await deliver();
    assert.equal(JSON.parse(outlet.lines[0] ?? "").params.seq, 1);
    assert.equal(frames.counts("c", "remote").failed, 1);
  });

  test("each subscriber of a source has its own credit and its own counts", async () => {
    const { native, frames, subscribe, offer } = setUp();
    await subscribe({ credit: 1 });
    await subscribe({ credit: 1, maxWidth: 64, quality: 30 });
    offer(1);
    assert.deepEqual(
      native.encodes.map(({ input }) => input.options),
      [
        { maxWidth: 1280, quality: 75 },
        { maxWidth: 64, quality: 30 },
      ],
    );
    assert.equal(frames.counts("c", "remote").offered, 2);
    assert.equal(frames.counts("c", "remote").waiting, 2);
  });

  test("the number of streams is limited for each call, over both sources", async () => {
    const { frames, subscribe } = setUp();
    const streams = await Promise.all(
      Array.from({ length: MAX_STREAMS_PER_CALL }, (_, index) =>
        subscribe({ source: index % 2 === 0 ? "remote" : "local" }),
      ),
    );
    await assert.rejects(
      subscribe(),
      (error) =>
        error instanceof RpcError &&
        error.kind === "tooManyStreams" &&
        error.issues?.[0]?.field === "callId" &&
        error.issues[0].value === '"c"' &&
        error.issues[0].expected.includes(`fewer than ${MAX_STREAMS_PER_CALL} streams`),
    );
    await subscribe({ callId: "other" });
    frames.unsubscribe(streams[0] ?? "");
    await subscribe();
    await assert.rejects(subscribe(), RpcError);
  });

  test("frames without subscribers are counted and not encoded", async () => {
    const { native, frames, subscribe, offer } = setUp();
    await subscribe({ source: "local" });
    offer(1);
    assert.equal(native.encodes.length, 0);
    assert.equal(frames.counts("c", "remote").unwatched, 1);
    assert.equal(frames.counts("c", "local").offered, 0);
  });

  test("after the end of a call nothing of it is kept, and late frames are ignored", async () => {
    const { native, frames, subscribe, offer } = setUp();
    await subscribe();
    const held = [offer(1), offer(2)];
    frames.endCall("c");
    next(native.encodes).finish();
    await settled();
    held.push(offer(3));
    assert.deepEqual(
      held.map((frame) => frame.held()),
      [0, 0, 0],
    );
    assert.equal(frames.counts("c", "remote").offered, 0);
    await assert.rejects(subscribe(), (error) => error instanceof RpcError && error.kind === "unknownCall");
  });

  test("close waits for the frame that is being encoded", async () => {
    const { native, frames, subscribe, offer } = setUp();
    await subscribe();
    const frame = offer(1);
    let isClosed = false;
    const closing = frames.close().then(() => {
      isClosed = true;
    });
    await settled();
    assert.equal(isClosed, false);
    next(native.encodes).finish();
    await closing;
    assert.equal(frame.held(), 0);
  });
});
