// No reader of text from outside takes more than linear time, whatever is repeated in the text.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { excessiveGrowth, findGrowth } from "../../support/outside/growth.ts";
import { OUTSIDE_READERS } from "../../support/outside/readers.ts";

describe("the time of a reader grows with its text, not with the square of it:", () => {
  for (const { name, seeds, read } of OUTSIDE_READERS)
    test(name, () => assert.deepEqual(findGrowth(read, seeds), []));
});

describe("the measurement", () => {
  const repeated = (text: string) => (size: number) => text.repeat(size);

  test("finds a search that begins at each character, and a loop within a loop", () => {
    const run = (size: number) => "a".repeat(size / 6) + " ".repeat((size * 5) / 6);
    assert.ok(excessiveGrowth((text) => /[a-z]+\.local/.test(text), run));
    const joinRests = (text: string) =>
      (text.match(/.{20}/g) ?? []).map((_, at, all) => all.slice(at).join("").length);
    assert.ok(excessiveGrowth(joinRests, repeated("a")));
  });

  test("lets a long linear loop pass", () => {
    const long = (text: string) => [...text].map((one) => Buffer.from(one.repeat(20)).toString("base64"));
    assert.equal(excessiveGrowth(long, repeated("a")), null);
  });
});
