// One suite for the three deliveries of frames to the page.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createFrames } from "../../plugin/frames/create-frames.ts";
import type { Frames } from "../../plugin/frames/frames.ts";
import { type FrameCounts, type FrameDelivery, frameMethods, RpcError } from "../../rpc-schema/index.ts";
import {
  type FrameViewer,
  openMjpegViewer,
  openSocketViewer,
  PAGE_ORIGIN,
  type ReceivedFrame,
} from "../support/browser/frame-viewers.ts";
import { type CountedFrame, countedFrame, FakeNative, next, settled } from "../support/fakes/fake-frames.ts";

interface Watched {
  readonly frames: Frames;
  readonly native: FakeNative;
  readonly stream: string;
  readonly viewer: FrameViewer;
  /** Offers a frame 1/30 s after the last one. */
  offer(mark: number): CountedFrame;
  /** Completes the oldest encoding, and lets its bytes be written. */
  encoded(): Promise<void>;
}

/** A host that reads lines. */
class LineViewer implements FrameViewer {
  readonly #seen: ReceivedFrame[] = [];
  readonly #waiting: ((picture: ReceivedFrame) => void)[] = [];
  readonly closed = Promise.resolve();
  onAcknowledge: (seq: number) => void = () => undefined;

  async writeFrame(head: string, body: Uint8Array, tail: string): Promise<void> {
    const { params } = JSON.parse(head + Buffer.from(body).toString("latin1") + tail);
    const bytes = Buffer.from(params.dataUrl.slice(params.dataUrl.indexOf(",") + 1));
    const picture = { ...params, bytes };
    const waiting = this.#waiting.shift();
    if (waiting) waiting(picture);
    else this.#seen.push(picture);
  }
  next(): Promise<ReceivedFrame> {
    const seen = this.#seen.shift();
    return seen ? Promise.resolve(seen) : new Promise((resolve) => this.#waiting.push(resolve));
  }
  acknowledge(seq: number): void {
    this.onAcknowledge(seq);
  }
  /** A host that reads lines cannot pause. */
  pause(): void {
    throw new Error("a host that reads lines cannot pause");
  }
  leave(): void {
    this.#waiting.length = 0;
  }
}

async function watch(delivery: FrameDelivery): Promise<Watched> {
  const native = new FakeNative();
  const lines = new LineViewer();
  const clock = { ms: 0 };
  const frames = createFrames({
    native,
    outlet: lines,
    pageOrigins: () => [PAGE_ORIGIN],
    now: () => clock.ms,
    log: (_level, message) => assert.fail(message),
  });
  const params = { callId: "c", source: "remote", delivery };
  const { stream, url = "" } = await frames.subscribe(frameMethods["frames.subscribe"].params.parse(params));
  lines.onAcknowledge = (seq) => frames.acknowledge(stream, seq);
  const viewers = { stdio: async () => lines, websocket: openSocketViewer, mjpeg: openMjpegViewer };
  const viewer = await viewers[delivery](url);
  return {
    frames,
    native,
    stream,
    viewer,
    offer(mark) {
      clock.ms += 1000 / 30;
      const frame = countedFrame(mark);
      frames.offer("c", "remote", frame);
      return frame;
    },
    async encoded() {
      // The acknowledgement that starts the encoding may not have arrived.
      while (native.encodes.length === 0) await settled();
      next(native.encodes).finish();
      await settled();
    },
  };
}

const sumOf = ({ offered: _, ...fates }: FrameCounts) =>
  Object.values(fates).reduce((sum, count) => sum + count, 0);

for (const delivery of ["stdio", "websocket", "mjpeg"] as const) {
  const about = (what: string, run: (watched: Watched) => Promise<void>) =>
    test(what, { timeout: 30_000 }, async () => {
      const watched = await watch(delivery);
      try {
        await run(watched);
      } finally {
        watched.viewer.leave();
        await watched.frames.close();
      }
    });

  describe(`frames over ${delivery}`, () => {
    about("arrive whole and in order", async ({ viewer, offer, encoded }) => {
      for (const mark of [7, 8, 9]) {
        offer(mark);
        await encoded();
        const { bytes, seq, ...about } = await viewer.next();
        assert.equal(bytes.toString(), `picture${mark}`);
        if (delivery === "mjpeg") continue;
        assert.equal(seq, mark - 6);
        assert.equal(about.capturedAt, 1_700_000_000_000 + mark);
        assert.deepEqual([about.width, about.height], [4, 2]);
        viewer.acknowledge(mark - 6);
      }
    });

    about(
      "are replaced by the newest one while another is in flight",
      async ({ frames, viewer, offer, encoded }) => {
        for (const mark of [1, 2, 3, 4]) offer(mark);
        await encoded();
        assert.equal((await viewer.next()).bytes.toString(), "picture1");
        await encoded();
        assert.equal((await viewer.next()).bytes.toString(), "picture4");
        assert.equal(frames.counts("c", "remote").replaced, 2);
      },
    );

    if (delivery !== "mjpeg") {
      about("wait for credit, and continue when it arrives", async ({ native, viewer, offer, encoded }) => {
        for (const mark of [1, 2]) {
          offer(mark);
          await encoded();
          await viewer.next();
        }
        offer(3);
        await settled();
        assert.equal(native.encodes.length, 0, "nothing is encoded without credit");
        viewer.acknowledge(2);
        await encoded();
        assert.equal((await viewer.next()).seq, 3);
      });
    }

    about("are all counted and released at the end of the call", async (watched) => {
      const { frames, native, viewer, offer, encoded } = watched;
      const held = [offer(1), offer(2)];
      await encoded();
      await viewer.next();
      held.push(offer(3));
      const counts = () => frames.counts("c", "remote");
      assert.equal(sumOf(counts()), counts().offered);
      frames.endCall("c");
      while (native.encodes.length > 0) await encoded();
      await viewer.closed;
      assert.deepEqual(
        held.map((frame) => frame.held()),
        [0, 0, 0],
      );
      await assert.rejects(
        frames.subscribe(
          frameMethods["frames.subscribe"].params.parse({ callId: "c", source: "remote", delivery }),
        ),
        (error) => error instanceof RpcError && error.kind === "unknownCall",
      );
    });

    about(
      "end with the stream, also during an encoding",
      async ({ frames, stream, viewer, offer, encoded }) => {
        const encoding = offer(1);
        const waiting = offer(2);
        frames.unsubscribe(stream);
        await encoded();
        await viewer.closed;
        assert.deepEqual(
          [encoding.held(), waiting.held()],
          [0, 1],
          "only the newest one is kept, for a snapshot",
        );
        assert.equal(frames.counts("c", "remote").unwatched, 2);
        assert.throws(() => frames.unsubscribe(stream), RpcError);
      },
    );
  });
}
