// Every offered frame has exactly one fate, and every held frame is released, in random runs.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createFrames } from "../../../plugin/frames/create-frames.ts";
import type { FrameContent } from "../../../plugin/frames/frames.ts";
import {
  type FrameCounts,
  type FrameSource,
  frameMethods,
  MAX_STREAMS_PER_CALL,
} from "../../../rpc-schema/index.ts";
import {
  type CountedFrame,
  countedFrame,
  FakeNative,
  FakeOutlet,
  next,
  settled,
} from "../../support/fakes/fake-frames.ts";
import { type Random, seededRandom } from "../../support/process/seeded-random.ts";

const SOURCES: readonly FrameSource[] = ["remote", "local"];

/** A random run of events with independent counts. */
class Course {
  readonly native = new FakeNative();
  readonly outlet = new FakeOutlet();
  readonly held: CountedFrame[] = [];
  readonly expectedOffers: Record<FrameSource, number> = { remote: 0, local: 0 };
  readonly content: Record<FrameSource, FrameContent> = { remote: "moving", local: "moving" };
  /** When the newest frame came that is not outdated; null: there is none. */
  readonly newestAtMs: Record<FrameSource, number | null> = { remote: null, local: null };
  written = 0;
  readonly streams: { id: string; source: FrameSource }[] = [];
  readonly random: Random;
  readonly frames;
  nowMs = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    const { native, outlet } = this;
    this.frames = createFrames({ native, outlet, now: () => this.nowMs, log: () => undefined });
  }

  async step(): Promise<void> {
    const { random } = this;
    this.nowMs += random.below(40);
    const actions = [
      this.offer,
      this.offer,
      this.offer,
      this.encoded,
      this.encoded,
      this.writeDone,
      this.writeDone,
    ];
    const rare = [
      this.acknowledge,
      this.acknowledge,
      this.subscribe,
      this.unsubscribe,
      this.setContent,
      this.rest,
    ];
    const action = random.pick(random.chance(0.8) ? actions : rare);
    await action.call(this);
    if (random.chance(0.7)) await settled();
  }

  offer(): void {
    const source = this.random.pick(SOURCES);
    const watching = this.streams.filter((stream) => stream.source === source).length;
    this.expectedOffers[source] += Math.max(1, watching);
    const frame = countedFrame(this.random.below(200));
    this.held.push(frame);
    this.frames.offer("c", source, frame);
    if (this.content[source] !== "nothing") this.newestAtMs[source] = this.nowMs;
  }

  setContent(): void {
    const source = this.random.pick(SOURCES);
    const content = this.random.pick(["nothing", "moving", "still"] as const);
    if (content !== this.content[source]) this.newestAtMs[source] = null;
    this.content[source] = content;
    this.frames.setContent("c", source, content);
  }

  /** No frame for a while. */
  rest(): void {
    this.nowMs += this.random.below(10_000);
  }

  encoded(): void {
    if (this.native.encodes.length === 0) return;
    const encode = next(this.native.encodes);
    if (this.random.chance(0.1)) encode.fail(new Error("refused"));
    else encode.finish();
  }

  writeDone(): void {
    if (this.outlet.writes.length === 0) return;
    const write = next(this.outlet.writes);
    if (this.random.chance(0.05)) {
      write.fail(new Error("too long"));
      return;
    }
    this.written += 1;
    write.finish();
  }

  acknowledge(): void {
    if (this.streams.length > 0)
      this.frames.acknowledge(this.random.pick(this.streams).id, this.random.below(30));
  }

  async subscribe(): Promise<void> {
    if (this.streams.length === MAX_STREAMS_PER_CALL) return;
    const source = this.random.pick(SOURCES);
    const params = {
      callId: "c",
      source,
      credit: 1 + this.random.below(8),
      maxFps: 1 + this.random.below(60),
    };
    const { stream } = await this.frames.subscribe(frameMethods["frames.subscribe"].params.parse(params));
    this.streams.push({ id: stream, source });
    const sinceMs = this.newestAtMs[source];
    const isTooOld = this.content[source] === "moving" && sinceMs !== null && this.nowMs - sinceMs > 5_000;
    if (sinceMs !== null && !isTooOld) this.expectedOffers[source] += 1;
  }

  unsubscribe(): void {
    const [gone] = this.streams.splice(this.random.below(Math.max(1, this.streams.length)), 1);
    if (gone) this.frames.unsubscribe(gone.id);
  }

  async drain(): Promise<void> {
    while (this.streams.length > 0) this.unsubscribe();
    while (this.native.encodes.length + this.outlet.writes.length > 0) {
      this.encoded();
      this.writeDone();
      await settled();
    }
    await settled();
  }
}

const sumOf = ({ unwatched, paced, replaced, failed, written, waiting }: FrameCounts) =>
  unwatched + paced + replaced + failed + written + waiting;

describe("frame ledger", () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    test(`closes at every moment of a random run (seed ${seed})`, async () => {
      const course = new Course(seed);
      for (let count = 0; count < 400; count += 1) {
        await course.step();
        for (const source of SOURCES) {
          const counts = course.frames.counts("c", source);
          assert.equal(sumOf(counts), counts.offered);
          assert.equal(counts.offered, course.expectedOffers[source]);
          assert.ok(Object.values(counts).every((count) => count >= 0));
        }
      }
      await course.drain();
      const [remote, local] = SOURCES.map((source) => course.frames.counts("c", source));
      assert.ok(remote && local);
      assert.equal(remote.waiting + local.waiting, 0);
      assert.equal(remote.written + local.written, course.written);
      course.frames.endCall("c");
      assert.deepEqual(
        course.held.filter((frame) => frame.held() !== 0),
        [],
      );
    });

    test(`increments seq by one within each stream (seed ${seed})`, async () => {
      const course = new Course(seed);
      for (let count = 0; count < 400; count += 1) await course.step();
      await course.drain();
      const lastSeq = new Map<string, number>();
      for (const line of course.outlet.lines) {
        const { stream, seq } = JSON.parse(line).params;
        assert.equal(seq, (lastSeq.get(stream) ?? 0) + 1);
        lastSeq.set(stream, seq);
      }
      course.frames.endCall("c");
    });
  }
});
