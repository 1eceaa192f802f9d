// The names of the faults, and the sentences for them.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import {
  addCounters,
  countersSince,
  damageOf,
  habitOf,
  NOTHING_CAPTURED,
  usableFrames,
} from "../../../native/frame-faults.ts";
import { FRAME_FAULTS } from "../../../native/types.ts";

describe("the faults of frames", () => {
  test("have the addon's names", () => {
    const header = new URL("../../../native/core/pixels/frame-verdict.h", import.meta.url);
    const [, names = ""] = /kFaultNames = \{([^}]*)\}/.exec(readFileSync(header, "utf8")) ?? [];
    assert.deepEqual(
      [...names.matchAll(/"(\w+)"/g)].map(([, name]) => name),
      [...FRAME_FAULTS],
    );
  });

  test("each have a sentence, as a habit of the camera or as damage", () => {
    for (const fault of FRAME_FAULTS) {
      const counters = { ...NOTHING_CAPTURED, repaired: 1, damaged: 1, faults: { [fault]: 1 } };
      const said = [habitOf(counters), damageOf(counters)].filter(
        (text) => text !== null && / have |: /.test(text),
      );
      assert.ok(said.length > 0, fault);
    }
  });

  test("give the sentence of the most frequent one", () => {
    const faults = { bytesBeforeRestart: 20, noEndMarker: 3, cutShort: 2, wrongData: 1 };
    const counters = { ...NOTHING_CAPTURED, repaired: 20, damaged: 3, faults };
    assert.equal(
      habitOf(counters),
      "its pictures have extra bytes before restart markers; they were repaired",
    );
    assert.equal(damageOf(counters), "its pictures are damaged: they are cut short");
  });

  test("give no sentence for a camera whose frames are whole", () => {
    assert.deepEqual([habitOf(NOTHING_CAPTURED), damageOf(NOTHING_CAPTURED)], [null, null]);
  });
});

describe("the counters of captures", () => {
  const one = { ...NOTHING_CAPTURED, captured: 10, whole: 4, damaged: 6, faulty: 5, faults: { cutShort: 6 } };

  test("add up, and give the difference back", () => {
    const both = addCounters(one, {
      ...NOTHING_CAPTURED,
      captured: 2,
      repaired: 2,
      faults: { noEndMarker: 2 },
    });
    assert.deepEqual([both.captured, both.repaired, both.faults], [12, 2, { noEndMarker: 2, cutShort: 6 }]);
    assert.deepEqual(countersSince(both, one).faults, { noEndMarker: 2 });
  });

  test("count damaged frames that could be shown as usable", () => {
    assert.equal(usableFrames(one), 5);
  });
});
