// What a new subscriber sees before the next frame comes: the newest frame while the source still shows it, and nothing after.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createFrames } from "../../../plugin/frames/create-frames.ts";
import { type FrameDelivery, frameMethods, type Params } from "../../../rpc-schema/index.ts";
import {
  type FrameViewer,
  openMjpegViewer,
  openSocketViewer,
  PAGE_ORIGIN,
} from "../../support/browser/frame-viewers.ts";
import {
  type CountedFrame,
  countedFrame,
  FakeNative,
  next,
  settled,
} from "../../support/fakes/fake-frames.ts";

const MINUTE_MS = 60_000;

function setUp() {
  const native = new FakeNative();
  const clock = { ms: 0 };
  const frames = createFrames({
    native,
    outlet: { writeFrame: async () => undefined },
    pageOrigins: () => [PAGE_ORIGIN],
    now: () => clock.ms,
    log: (_level, message) => assert.fail(message),
  });
  const subscribe = (options: Partial<Params<"frames.subscribe">> = {}) =>
    frames.subscribe(
      frameMethods["frames.subscribe"].params.parse({ callId: "c", source: "remote", ...options }),
    );
  const offer = (mark: number): CountedFrame => {
    const frame = countedFrame(mark);
    frames.offer("c", "remote", frame);
    return frame;
  };
  const marks = () => native.encodes.map(({ input }) => input.mark);
  /** @returns the marks of what a new subscriber gets at once */
  const seenBySubscriber = async (): Promise<number[]> => {
    const { stream } = await subscribe();
    const seen = marks();
    frames.unsubscribe(stream);
    for (const encode of native.encodes.splice(0)) encode.finish();
    await settled();
    return seen;
  };
  return { native, clock, frames, subscribe, offer, seenBySubscriber };
}

describe("a new subscriber", () => {
  test("gets the newest frame at once, and every frame has one fate", async () => {
    const { native, frames, subscribe, offer } = setUp();
    const older = offer(1);
    const newest = offer(2);
    await subscribe();
    assert.deepEqual(
      [older.held(), newest.held()],
      [0, 2],
      "it is encoded, and kept for the next subscriber",
    );
    next(native.encodes).finish();
    await settled();
    const { offered, unwatched, written, waiting } = frames.counts("c", "remote");
    assert.deepEqual(
      { offered, unwatched, written, waiting },
      { offered: 3, unwatched: 2, written: 1, waiting: 0 },
    );
    assert.equal(newest.held(), 1);
    await frames.close();
    assert.equal(newest.held(), 0);
  });

  test("gets nothing of a camera that has sent nothing for five seconds", async () => {
    const { clock, offer, seenBySubscriber } = setUp();
    offer(1);
    clock.ms += 5_000;
    assert.deepEqual(await seenBySubscriber(), [1]);
    clock.ms += 1;
    assert.deepEqual(await seenBySubscriber(), []);
  });

  test("gets the frame of a screen that has rested for minutes, and so does a snapshot", async () => {
    const { clock, frames, offer, seenBySubscriber } = setUp();
    frames.setContent("c", "remote", "still");
    offer(1);
    clock.ms += 10 * MINUTE_MS;
    assert.deepEqual(await seenBySubscriber(), [1]);
    assert.equal((await frames.snapshot("c", "remote")).width, 4);
    await frames.close();
  });

  for (const content of ["nothing", "moving"] as const) {
    test(`gets no frame from before a change to ${content}`, async () => {
      const { frames, offer, seenBySubscriber } = setUp();
      frames.setContent("c", "remote", "still");
      const frame = offer(1);
      frames.setContent("c", "remote", "still");
      assert.deepEqual(await seenBySubscriber(), [1], "nothing has changed");
      frames.setContent("c", "remote", content);
      assert.equal(frame.held(), 0);
      assert.deepEqual(await seenBySubscriber(), []);
      await assert.rejects(frames.snapshot("c", "remote"), { kind: "noPicture" });
    });
  }

  test("gets no frame that came late from a camera that is off, and the next one when it is on", async () => {
    const { frames, offer, seenBySubscriber } = setUp();
    frames.setContent("c", "remote", "nothing");
    const late = offer(1);
    assert.equal(late.held(), 0);
    assert.deepEqual(await seenBySubscriber(), []);
    frames.setContent("c", "remote", "moving");
    assert.deepEqual(await seenBySubscriber(), []);
    offer(2);
    assert.deepEqual(await seenBySubscriber(), [2]);
  });

  for (const delivery of ["websocket", "mjpeg"] satisfies FrameDelivery[]) {
    test(`that fetches (${delivery}) gets it when it connects, and again when it comes again`, async () => {
      const { native, frames, subscribe, offer } = setUp();
      frames.setContent("c", "remote", "still");
      offer(7);
      const { url = "" } = await subscribe({ delivery });
      assert.deepEqual(native.encodes, [], "no page has connected");
      for (const round of [1, 2]) {
        const viewer = await comeTo(url, delivery);
        const frame = viewer.next();
        while (native.encodes.length === 0) await settled();
        next(native.encodes).finish();
        assert.equal((await frame).bytes.toString(), "picture7", `connection ${round}`);
        viewer.leave();
      }
      await frames.close();
    });
  }
});

/** The server learns a moment later that the client before has gone, and refuses a second one until then. */
async function comeTo(url: string, delivery: FrameDelivery): Promise<FrameViewer> {
  try {
    return await (delivery === "websocket" ? openSocketViewer : openMjpegViewer)(url);
  } catch (error) {
    assert.match(String(error), /HTTP 409/);
    await settled();
    return comeTo(url, delivery);
  }
}
