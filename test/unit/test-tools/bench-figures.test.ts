// The bench's figures, and the sum of its frame ledger.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { formatTable, makeFigure, median, quantile } from "../../bench/figures.ts";
import { closeLedger, drawnShare, type LedgerCounts } from "../../bench/measures/frame-ledger.ts";
import { delaysBetween, findOnsets } from "../../bench/measures/sound/mouth-to-ear.ts";
import { readMappings } from "../../bench/measures/tree-memory.ts";

describe("figures", () => {
  test("the median of an even number of values lies between the two in the middle", () => {
    assert.equal(median([9, 1, 3, 5]), 4);
    assert.equal(median([3, 1, 2]), 2);
    assert.ok(Number.isNaN(median([])));
  });

  test("a quantile is the smallest value that the given share does not exceed", () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    assert.equal(quantile(values, 0.95), 95);
    assert.equal(quantile(values, 1), 100);
    assert.equal(quantile([7], 0.5), 7);
    assert.ok(Number.isNaN(quantile([], 0.5)));
  });

  test("most goals are upper limits, the share of drawn frames is a lower one", () => {
    assert.deepEqual(makeFigure("cpu480", 0.6), { value: 0.6, unit: "cores", goal: 0.6, holds: true });
    assert.equal(makeFigure("cpu480", 0.61).holds, false);
    assert.equal(makeFigure("drawnOfCaptured480", 99).holds, true);
    assert.equal(makeFigure("drawnOfCaptured480", 98.9).holds, false);
  });

  test("a figure is judged by its printed value", () => {
    assert.deepEqual(makeFigure("beyondWrtc480", 12.04), { value: 12, unit: "ms", goal: 12, holds: true });
  });

  test("a figure without a value is null and misses its goal", () => {
    assert.deepEqual(makeFigure("beyondWrtc480", Number.NaN), {
      value: null,
      unit: "ms",
      goal: 12,
      holds: false,
    });
    assert.equal(makeFigure("mouthToEarChromium", Number.NaN).holds, null);
  });

  test("the table has a line for each measured figure, with limit, verdict and note", () => {
    const figures = {
      cpu480: makeFigure("cpu480", 0.7),
      mouthToEarChromium: makeFigure("mouthToEarChromium", 150),
    };
    const [cpu, sound, ...more] = formatTable(figures, { cpu480: "busy" }).split("\n");
    assert.match(cpu ?? "", /^cpu480 +0\.70 cores +<= 0\.6 +MISSED +busy$/);
    assert.match(sound ?? "", /^mouthToEarChromium +150\.0 ms$/);
    assert.deepEqual(more, []);
  });
});

describe("the frame ledger", () => {
  const remote = {
    offered: 95,
    unwatched: 1,
    paced: 2,
    replaced: 3,
    failed: 0,
    written: 89,
    waiting: 0,
  };
  const counts: LedgerCounts = {
    captured: 100,
    captureDropped: 2,
    sent: 97,
    received: 95,
    remote,
    drawn: 88,
  };

  test("closes when every captured frame was drawn or dropped at a known place", () => {
    const { lines, faults } = closeLedger(counts);
    assert.deepEqual(faults, []);
    const dropped = lines.filter(({ what }) => what.startsWith(" "));
    assert.deepEqual(
      dropped.map(({ count }) => count),
      [2, 1, 2, 1, 2, 3, 0, 1],
    );
  });

  test("counts placeholders apart from the camera's frames", () => {
    const { lines, faults } = closeLedger({ ...counts, sent: 90, placeholders: 7 });
    assert.deepEqual(faults, []);
    const countOf = (start: string) => lines.find(({ what }) => what.startsWith(start))?.count;
    assert.deepEqual([countOf("sent"), countOf("placeholders")], [90, 7]);
  });

  const broken: [string, Partial<LedgerCounts>, RegExp][] = [
    ["more was sent than captured", { sent: 99 }, /99 sent of 100 captured/],
    ["more was received than sent", { sent: 94 }, /95 received of 94 sent/],
    ["more was drawn than written", { drawn: 90 }, /90 drawn of 89 written/],
    ["a received picture was never offered", { received: 96 }, /95 offered to streams of 96 received/],
    ["a picture has no fate", { remote: { ...remote, paced: 1 } }, /fates of 95 offered/],
    ["a picture still waits", { remote: { ...remote, paced: 1, waiting: 1 } }, /1 still waiting at rest/],
  ];
  for (const [what, change, fault] of broken) {
    test(`does not close when ${what}`, () => {
      assert.match(closeLedger({ ...counts, ...change }).faults.join("; "), fault);
    });
  }

  test("the share of drawn frames counts each sequence number once, also across the wrap", () => {
    assert.equal(drawnShare([65_534, 65_535, 0, 1]), 1);
    assert.equal(drawnShare([10, 12, 13]), 0.75);
    assert.equal(drawnShare([5, 5, 6]), 1);
    assert.equal(drawnShare([]), 0);
  });
});

describe("mouth to ear", () => {
  test("a burst's onset is its rise after silence, and a first burst that may be cut off is ignored", () => {
    const samples = new Int16Array(3000);
    for (const start of [0, 1000, 2000]) samples.fill(9000, start, start + 40);
    const arrivals = [1000, 2000, 3000].map((count) => ({ samples: count, atMs: 500 + count }));
    assert.deepEqual(findOnsets({ samples, arrivals }, 1000), [1500, 2500]);
  });

  test("samples that a recorder lost do not shift later bursts", () => {
    const samples = new Int16Array(3000);
    for (const start of [0, 1000, 2000]) samples.fill(9000, start, start + 40);
    const arrivals = [1000, 2000, 3000].map((count) => ({
      samples: count,
      atMs: 500 + count + (count > 1500 ? 70 : 0),
    }));
    assert.deepEqual(findOnsets({ samples, arrivals }, 1000), [1500, 2570]);
  });

  test("each burst is paired with the next one that arrives within its second", () => {
    assert.deepEqual(delaysBetween([1000, 2000, 3000], [900, 1150, 2200]), [150, 200]);
  });
});

describe("resident memory", () => {
  test("is read for each mapping, with the file that it shares", () => {
    const smaps = [
      "00400000-00500000 r-xp 00000000 08:01 1234                               /usr/bin/node",
      "Rss:                1000 kB",
      "Pss:                 600 kB",
      "Private_Clean:       100 kB",
      "Private_Dirty:        50 kB",
      "7f0000000000-7f0000100000 rw-p 00000000 00:00 0 ",
      "Rss:                 200 kB",
      "Pss:                 200 kB",
      "Private_Clean:         0 kB",
      "Private_Dirty:       200 kB",
      "",
    ].join("\n");
    assert.deepEqual(readMappings(smaps), [
      { file: "/usr/bin/node", rssKb: 1000, pssKb: 600, privateKb: 150 },
      { file: "", rssKb: 200, pssKb: 200, privateKb: 200 },
    ]);
  });
});
