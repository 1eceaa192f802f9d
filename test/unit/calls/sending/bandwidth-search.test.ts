// When a call measures whether its link carries more.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { BandwidthSearch, type SearchedSecond } from "../../../../plugin/calls/sending/bandwidth-search.ts";
import { ManualClock } from "../../../support/fakes/manual-clock.ts";

const HELD_BACK: SearchedSecond = {
  isSearchable: true,
  availableSendBps: 200_000,
  isHeldBack: true,
  isPictureAwaited: false,
  maxVideoBps: 1_500_000,
};
const AWAITED: SearchedSecond = {
  ...HELD_BACK,
  availableSendBps: 61_000,
  isHeldBack: false,
  isPictureAwaited: true,
};

class Bench {
  readonly clock = new ManualClock();
  readonly searched: number[] = [];
  failures = 0;
  readonly search = new BandwidthSearch({
    clock: this.clock,
    search: async (bps) => {
      if (this.failures > 0) {
        this.failures -= 1;
        throw new Error("a negotiation is in progress");
      }
      this.searched.push(bps);
    },
  });

  async pass(seconds: number, second: SearchedSecond): Promise<void> {
    for (let passed = 0; passed < seconds; passed += 1) {
      this.clock.advance(1_000);
      await this.search.update(second);
    }
  }
}

describe("the search for bandwidth", () => {
  test("leaves the first second to the engine, and then measures each second what holds the picture back", async () => {
    const bench = new Bench();
    await bench.pass(1, HELD_BACK);
    assert.deepEqual(bench.searched, []);
    await bench.pass(9, HELD_BACK);
    assert.deepEqual(
      bench.searched,
      Array.from({ length: 9 }, () => 600_000),
    );
  });

  test("measures no more than the settings allow, and nothing once that is there", async () => {
    const bench = new Bench();
    await bench.pass(2, { ...HELD_BACK, availableSendBps: 900_000 });
    await bench.pass(20, { ...HELD_BACK, availableSendBps: 1_500_000 });
    assert.deepEqual(bench.searched, [1_500_000]);
  });

  test("measures nothing that is not needed, cannot be found, or is unknown", async () => {
    const bench = new Bench();
    await bench.pass(10, { ...HELD_BACK, isHeldBack: false });
    await bench.pass(10, { ...HELD_BACK, isSearchable: false });
    await bench.pass(10, { ...HELD_BACK, availableSendBps: null });
    await bench.pass(10, { ...AWAITED, availableSendBps: 150_000 });
    assert.deepEqual(bench.searched, []);
  });

  test("measures less often for a picture that waits, and only what a small one needs", async () => {
    const bench = new Bench();
    await bench.pass(3, AWAITED);
    assert.deepEqual(bench.searched, [], "its burst would delay the sound of the first seconds");
    await bench.pass(9, AWAITED);
    assert.deepEqual(bench.searched, [150_000, 150_000, 150_000]);
  });

  test("tries again in the next second when the connection could not change", async () => {
    const bench = new Bench();
    bench.failures = 2;
    await bench.pass(4, HELD_BACK);
    assert.deepEqual(bench.searched, [600_000]);
  });
});
