// Fuzzes every reader of text from outside for a moment, starting with the kept texts. Add a text that breaks a reader to
// found/readers.json, together with its repair.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fuzzText, judgeText } from "../support/outside/fuzz-text.ts";
import { foundTexts, keptTexts } from "../support/outside/kept-texts.ts";
import { OUTSIDE_READERS } from "../support/outside/readers.ts";

const SECONDS_EACH = 0.3;

describe("whatever is sent, a reader answers or refuses, and in time:", () => {
  for (const reader of OUTSIDE_READERS) {
    test(reader.name, () => {
      const { texts, finding } = fuzzText(reader, keptTexts(reader.name), { seconds: SECONDS_EACH });
      assert.deepEqual(finding, null);
      assert.ok(texts > 0);
    });
  }
});

describe("a text that once broke a reader no longer does:", () => {
  for (const { reader: name, symptom, text } of foundTexts()) {
    test(`${name}: ${symptom}`, () => {
      const reader = OUTSIDE_READERS.find((one) => one.name === name);
      assert.ok(reader, `there is no reader "${name}"`);
      assert.equal(judgeText(reader, text), null);
    });
  }
});

test("the fuzzer finds an error and a slow loop behind a condition", () => {
  const broken = {
    ...{ name: "broken", sources: [], seeds: ["a=x"], refusals: [] },
    read: (text: string) => {
      if (text.includes("a=x") && text.split("\n").length > 3) throw new TypeError("three lines");
    },
  };
  const { finding } = fuzzText(broken, [], { seconds: 60 });
  assert.match(finding?.symptom ?? "", /three lines/);
});
