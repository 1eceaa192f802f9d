// What the plugin refused is counted in one place, and logged once a minute at most.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { RefusalLog } from "../../../plugin/common/refusal-log.ts";
import { pageRefusals, Refusals } from "../../../plugin/common/refusals.ts";

const MINUTE_MS = 60_000;

test("what parts report and what they count for themselves is summed by reason", () => {
  const refusals = new Refusals();
  assert.deepEqual(refusals.list(), []);
  refusals.include(() => ({ stream: 2, signal: 1 }));
  refusals.include(() => pageRefusals({ refused: 3, closed: 0 }));
  const { count } = refusals;
  for (const reason of ["candidate", "signal", "signal"] as const) count(reason);
  assert.deepEqual(
    refusals.list().map(({ reason, count: times }) => [reason, times]),
    [
      ["stream", 2],
      ["signal", 3],
      ["candidate", 1],
      ["page", 3],
    ],
  );
  for (const { text } of refusals.list()) assert.match(text, /^[a-z].*[a-z]$/);
});

describe("the log of refusals", () => {
  beforeEach(() => mock.timers.enable({ apis: ["setInterval"] }));
  afterEach(() => mock.timers.reset());

  test("has one line a minute for each reason, however much is refused", () => {
    const refusals = new Refusals();
    const lines: string[] = [];
    let changes = 0;
    const log = new RefusalLog({
      list: () => refusals.list(),
      write: (line) => void lines.push(line),
      onChange: () => {
        changes += 1;
      },
    });
    for (let minute = 0; minute < 3; minute += 1) {
      for (let n = 0; n < 10_000; n += 1) refusals.count(n % 2 === 0 ? "candidate" : "page");
      mock.timers.tick(MINUTE_MS);
    }
    assert.deepEqual([lines.length, changes], [6, 3]);
    assert.match(lines[4] ?? "", /^refused 5000 more, 15000 in all: network addresses/);
    mock.timers.tick(10 * MINUTE_MS);
    refusals.count("page");
    log.close();
    log.close();
    assert.deepEqual([lines.length, changes], [7, 4]);
    refusals.count("page");
    mock.timers.tick(MINUTE_MS);
    assert.equal(lines.length, 7);
  });
});
