// When a call sends its sound in long packets, when in repeated ones, and when in short ones again.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type LinkSecond, SoundPackets } from "../../../../plugin/calls/sending/sound-packets.ts";
import type { SoundPacketKind } from "../../../../plugin/peer/peer.ts";
import { ManualClock } from "../../../support/fakes/manual-clock.ts";

const GOOD: LinkSecond = {
  roundTripMs: 50,
  soundLoss: 0,
  availableSendBps: 300_000,
  sentBps: 80_000,
  frames: 0,
  isSearchable: false,
};
const QUEUED: LinkSecond = { ...GOOD, roundTripMs: 900 };
const LOSSY: LinkSecond = { ...GOOD, soundLoss: 0.3 };
const SOME_LOST: LinkSecond = { ...GOOD, soundLoss: 0.05, availableSendBps: 1_000_000 };
const NARROW: LinkSecond = { ...GOOD, availableSendBps: 50_000 };

class Bench {
  readonly clock = new ManualClock();
  readonly applied: SoundPacketKind[] = [];
  failures = 0;
  kind: SoundPacketKind = "short";
  readonly packets = new SoundPackets({
    clock: this.clock,
    kind: () => this.kind,
    apply: async (kind) => {
      if (this.failures > 0) {
        this.failures -= 1;
        throw new Error("a negotiation is in progress");
      }
      this.applied.push(kind);
      this.kind = kind;
    },
  });

  async pass(seconds: number, second: LinkSecond): Promise<void> {
    for (let passed = 0; passed < seconds; passed += 1) {
      this.clock.advance(1_000);
      await this.packets.update(second);
    }
  }

  /** @returns the seconds that passed until a change */
  async secondsUntil(kind: SoundPacketKind, second: LinkSecond, atMost = 1_000): Promise<number> {
    for (let passed = 0; passed < atMost; passed += 1) {
      if (this.kind === kind) return passed;
      await this.pass(1, second);
    }
    return atMost;
  }
}

describe("sound packets", () => {
  test("stay short on a good link, with unknown figures, and for one second of strain", async () => {
    const bench = new Bench();
    await bench.pass(60, GOOD);
    await bench.pass(10, {
      roundTripMs: null,
      soundLoss: null,
      availableSendBps: null,
      sentBps: 0,
      frames: 0,
      isSearchable: false,
    });
    await bench.pass(1, LOSSY);
    await bench.pass(10, GOOD);
    assert.deepEqual(bench.applied, []);
  });

  for (const [name, strain] of Object.entries({
    "a queue": QUEUED,
    "many lost packets": LOSSY,
    "a low estimate": NARROW,
  })) {
    test(`become long because of ${name}, and short again when the link is good for half a minute`, async () => {
      const bench = new Bench();
      await bench.pass(5, GOOD);
      await bench.pass(5, strain);
      assert.deepEqual(bench.applied, ["long"]);
      await bench.pass(25, GOOD);
      assert.deepEqual(bench.applied, ["long"]);
      await bench.pass(15, GOOD);
      assert.deepEqual(bench.applied, ["long", "short"]);
    });
  }

  test("stay short while a picture fills the link, which gives way first", async () => {
    const bench = new Bench();
    await bench.pass(5, GOOD);
    await bench.pass(30, { ...QUEUED, sentBps: 300_000 });
    assert.deepEqual(bench.applied, []);
  });

  test("stay short beside a small picture, whose estimate is low on any link", async () => {
    const bench = new Bench();
    await bench.pass(60, { ...NARROW, frames: 15 });
    assert.deepEqual(bench.applied, []);
  });

  test("become long beside a picture if the estimate is that of the link", async () => {
    const bench = new Bench();
    await bench.pass(2, { ...NARROW, frames: 15, isSearchable: true });
    assert.deepEqual(bench.applied, ["long"]);
  });

  test("that are long from the start become short in two seconds on a link with room, and not on a narrow one", async () => {
    const searched = { ...GOOD, isSearchable: true };
    const [wide, lossy, narrow] = [new Bench(), new Bench(), new Bench()];
    for (const bench of [wide, lossy, narrow]) bench.kind = "long";
    await wide.pass(2, searched);
    assert.deepEqual(wide.applied, ["short"]);
    await lossy.pass(4, { ...SOME_LOST, isSearchable: true });
    assert.deepEqual(lossy.applied, ["short", "repeated"]);
    await narrow.pass(20, { ...searched, availableSendBps: 61_000 });
    await narrow.pass(29, searched);
    assert.deepEqual(narrow.applied, []);
    await narrow.pass(1, searched);
    assert.deepEqual(narrow.applied, ["short"]);
  });

  test("stay short on a long path whose first answer comes late", async () => {
    const bench = new Bench();
    await bench.pass(3, { ...GOOD, roundTripMs: null });
    await bench.pass(60, { ...GOOD, roundTripMs: 500 });
    assert.deepEqual(bench.applied, []);
  });

  test("stay short on a long path whose answers vary", async () => {
    const bench = new Bench();
    for (let second = 0; second < 60; second += 1)
      await bench.pass(1, { ...GOOD, roundTripMs: second % 3 === 0 ? 700 : 400, soundLoss: 0.015 });
    assert.deepEqual(bench.applied, []);
  });

  test("stay long while the estimate of the link has no room for short ones", async () => {
    const bench = new Bench();
    await bench.pass(5, LOSSY);
    await bench.pass(600, { ...GOOD, availableSendBps: 100_000 });
    assert.deepEqual(bench.applied, ["long"]);
  });

  test("wait longer after each return that did not last, and no longer than four minutes", async () => {
    const bench = new Bench();
    await bench.pass(5, GOOD);
    const waits: number[] = [];
    for (let turn = 0; turn < 6; turn += 1) {
      await bench.secondsUntil("long", LOSSY);
      waits.push(await bench.secondsUntil("short", GOOD));
    }
    assert.deepEqual(waits, [30, 60, 120, 240, 240, 240]);
    await bench.pass(60, GOOD);
    await bench.secondsUntil("long", LOSSY);
    assert.equal(await bench.secondsUntil("short", GOOD), 30);
  });

  test("are repeated while a wide link loses some, until it has lost none for half a minute", async () => {
    const bench = new Bench();
    await bench.pass(5, GOOD);
    await bench.pass(1, SOME_LOST);
    await bench.pass(1, GOOD);
    assert.deepEqual(bench.applied, []);
    await bench.pass(60, SOME_LOST);
    assert.deepEqual(bench.applied, ["repeated"]);
    await bench.pass(29, GOOD);
    assert.deepEqual(bench.applied, ["repeated"]);
    await bench.pass(1, GOOD);
    assert.deepEqual(bench.applied, ["repeated", "short"]);
  });

  test("are not repeated on a link that has no room for it, beside pictures or without", async () => {
    const bench = new Bench();
    await bench.pass(20, { ...SOME_LOST, availableSendBps: 300_000 });
    await bench.pass(20, { ...SOME_LOST, availableSendBps: 300_000, frames: 30, sentBps: 280_000 });
    assert.deepEqual(bench.applied, []);
  });

  test("become long when repeated ones fill the link", async () => {
    const bench = new Bench();
    await bench.pass(5, GOOD);
    await bench.pass(5, SOME_LOST);
    await bench.pass(5, { ...QUEUED, soundLoss: 0.05 });
    assert.deepEqual(bench.applied, ["repeated", "long"]);
  });

  test("try again in the next second when the connection could not change", async () => {
    const bench = new Bench();
    bench.failures = 2;
    await bench.pass(5, LOSSY);
    assert.deepEqual(bench.applied, ["long"]);
  });
});
