// When a call sends silence instead of the microphone's blocks. The clock is simulated.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CallMedia } from "../../../plugin/calls/call-media.ts";
import type { NegotiatedDirections, Peer } from "../../../plugin/peer/peer.ts";
import { ManualClock } from "../../support/fakes/manual-clock.ts";
import { seededRandom } from "../../support/process/seeded-random.ts";

const BLOCK_MS = 10;
/** A pause of the microphone, and the longest wait for the next block of silence. */
const LATE_MS = 100;
const INTERVAL_MS = 20;
const BOTH = { sends: true, receives: true };
const LOUD = new Int16Array(480).fill(1_000);
const NEITHER = { sends: false, receives: false };

class Bench {
  readonly clock = new ManualClock();
  /** The largest sample of each sent block. */
  readonly sent: number[] = [];
  audio = BOTH;
  readonly media = new CallMedia({
    showFrame: () => undefined,
    setLocalContent: () => undefined,
    nowUs: () => this.clock.nowMs() * 1000,
    createScaler: () => assert.fail("there are no frames"),
    captureConstraints: () => ({ width: 64, height: 48, fps: 30 }),
    onError: assert.fail,
    clock: this.clock,
  });

  get timers(): number {
    return this.clock.timers;
  }

  /** @param placeholderMs null: the peer needs no placeholders */
  attach(placeholderMs: number | null = null): this {
    const peer: Partial<Peer> = {
      sendAudio: (block) => {
        assert.equal(block.length, 480, "10 ms at 48 kHz");
        this.sent.push(Math.max(...block));
      },
      setAudioReceiving: () => undefined,
      negotiatedDirections: (): NegotiatedDirections => ({ audio: this.audio, video: NEITHER }),
    };
    this.media.attachPeer(peer as Peer, () => placeholderMs);
    return this;
  }

  connect(placeholderMs: number | null = null): this {
    this.attach(placeholderMs);
    this.media.isConnected = true;
    return this;
  }

  advance(ms: number): this {
    this.clock.advance(ms);
    return this;
  }

  /** The microphone sends for this time. */
  speak(ms: number): this {
    for (let spent = 0; spent < ms; spent += BLOCK_MS) {
      this.media.microphoneBlock(LOUD);
      this.advance(BLOCK_MS);
    }
    return this;
  }

  /** Blocks that were held back and come at once. */
  burst(blocks: number): this {
    for (let block = 0; block < blocks; block += 1) this.media.microphoneBlock(LOUD);
    return this;
  }

  /** How far the stamps of what was sent are behind the time. */
  get behindMs(): number {
    return this.clock.nowMs() - this.sent.length * BLOCK_MS;
  }

  get silentBlocks(): number {
    return this.sent.filter((peak) => peak === 0).length;
  }
}

describe("silence", () => {
  test("fills each pause of the microphone, so that the blocks sent make up the time that passed", () => {
    const bench = new Bench().connect();
    for (let round = 0; round < 100; round += 1) bench.speak(1_000).advance(1_913 + round);
    bench.speak(1_000);
    assert.ok(Math.abs(bench.behindMs) <= 2 * BLOCK_MS, `the sound is ${bench.behindMs} ms behind`);
  });

  test("is not added for blocks that waited while this process was busy, and none of them is left out", () => {
    const bench = new Bench().connect().speak(2_000);
    bench.clock.jump(180);
    bench.advance(0).burst(18).speak(1_000);
    assert.deepEqual([bench.silentBlocks, bench.behindMs], [0, 0]);
  });

  test("replaces blocks that come later still, and the next pause is given more time", () => {
    const bench = new Bench().connect().speak(2_000).advance(250).burst(25).speak(1_000);
    assert.ok(bench.silentBlocks > 0);
    assert.ok(Math.abs(bench.behindMs) <= 2 * BLOCK_MS, `the sound is ${bench.behindMs} ms behind`);
    const silent = bench.silentBlocks;
    const before = bench.sent.length;
    bench.advance(250).burst(25);
    assert.deepEqual([bench.silentBlocks, bench.sent.length], [silent, before + 25]);
  });

  for (const [name, blockMs] of [
    ["slow", 10.009],
    ["fast", 9.991],
  ] as const) {
    test(`is not added, and nothing is left out, for two minutes of a microphone whose clock is ${name} by 900 ppm`, () => {
      const bench = new Bench().connect();
      for (let block = 0; block < 12_000; block += 1) bench.burst(1).advance(blockMs);
      assert.deepEqual([bench.silentBlocks, bench.sent.length], [0, 12_000]);
    });
  }

  test("is not added, and nothing is left out, while blocks come in uneven bursts", () => {
    const random = seededRandom(12);
    const bench = new Bench().connect();
    for (let burst = 0; burst < 3_000; burst += 1) {
      const blocks = 1 + random.below(6);
      bench.advance(blocks * BLOCK_MS).burst(blocks);
    }
    assert.deepEqual([bench.silentBlocks, bench.behindMs], [0, 0]);
  });

  test("is evenly spread: at most two blocks follow each other at once", () => {
    const bench = new Bench().connect().speak(100).advance(LATE_MS);
    for (let wait = 0; wait < 50; wait += 1) {
      const before = bench.sent.length;
      bench.advance(INTERVAL_MS);
      assert.ok(bench.sent.length - before <= 2);
    }
  });

  test("is not added while the microphone sends, nor for a short pause whose blocks come after it", () => {
    const bench = new Bench()
      .connect()
      .speak(5_000)
      .advance(LATE_MS - 2 * BLOCK_MS)
      .burst(LATE_MS / BLOCK_MS - 2)
      .speak(5_000);
    assert.deepEqual([bench.silentBlocks, bench.behindMs], [0, 0]);
  });

  test("replaces blocks that were lost on their way, so that many losses do not add up", () => {
    const bench = new Bench().connect().speak(2_000);
    for (let loss = 0; loss < 20; loss += 1) bench.advance(5 * BLOCK_MS).speak(3_000);
    assert.ok(Math.abs(bench.behindMs) <= 2 * BLOCK_MS, `the sound is ${bench.behindMs} ms behind`);
  });

  test("is not added for a machine that delivers every block a little later for a while", () => {
    const bench = new Bench().connect().speak(2_000).advance(BLOCK_MS).speak(5_000);
    assert.equal(bench.silentBlocks, 0);
  });

  test("ends with the first block of the microphone", () => {
    const bench = new Bench().connect().speak(100).advance(1_000);
    const silent = bench.silentBlocks;
    assert.ok(silent > 0);
    bench.speak(1_000);
    assert.equal(bench.silentBlocks, silent);
  });

  test("is sent from the start of a call without a microphone to a peer that needs placeholders", () => {
    const bench = new Bench().connect(1_000).advance(1_000);
    assert.ok(bench.silentBlocks >= (1_000 - LATE_MS) / BLOCK_MS);
  });

  test("is not sent to another peer before the first block of the microphone, and needs no timer", () => {
    const bench = new Bench().connect().advance(5_000);
    assert.deepEqual([bench.sent.length, bench.timers], [0, 0]);
    bench.speak(100).advance(1_000);
    assert.ok(bench.silentBlocks > 0);
  });

  test("of a connection before does not count for the next one", () => {
    const bench = new Bench().connect().speak(100);
    bench.media.detachPeer();
    assert.equal(bench.connect().advance(1_000).silentBlocks, 0);
  });

  test("makes up for a late timer, but not for a process that was stopped", () => {
    const bench = new Bench().connect().speak(100).advance(200);
    const before = bench.sent.length;
    bench.clock.jump(500);
    bench.advance(INTERVAL_MS);
    assert.ok(bench.sent.length - before >= 500 / BLOCK_MS);
    bench.clock.jump(60_000);
    bench.advance(INTERVAL_MS);
    assert.ok(bench.sent.length - before < 500 / BLOCK_MS + 110);
  });

  test("is not sent before a connection, or without a sound section", () => {
    const soundless = new Bench();
    soundless.audio = NEITHER;
    const early = new Bench().attach(1_000);
    for (const bench of [soundless.connect(1_000), early]) {
      assert.equal(bench.advance(5_000).sent.length, 0);
      assert.equal(bench.timers, 0);
    }
  });

  test("begins when a later negotiation has a sound section, and ends with it", () => {
    const bench = new Bench();
    bench.audio = NEITHER;
    bench.connect(1_000).advance(1_000);
    bench.audio = BOTH;
    bench.media.directionsChanged();
    assert.ok(bench.advance(1_000).silentBlocks > 0);
    bench.audio = NEITHER;
    bench.media.directionsChanged();
    const silent = bench.silentBlocks;
    assert.equal(bench.advance(1_000).silentBlocks, silent);
    assert.equal(bench.timers, 0);
  });

  test("goes on while the path is lost", () => {
    const bench = new Bench().connect().speak(100);
    bench.media.isConnected = false;
    const before = bench.sent.length;
    assert.ok(bench.advance(1_000).sent.length - before >= (1_000 - LATE_MS) / BLOCK_MS);
  });

  test("leaves no timer behind when the connection closes or the call ends", () => {
    const detached = new Bench().connect().speak(100);
    detached.media.detachPeer();
    const ended = new Bench().connect().speak(100);
    ended.media.stop();
    for (const bench of [detached, ended]) assert.equal(bench.timers, 0);
  });
});
