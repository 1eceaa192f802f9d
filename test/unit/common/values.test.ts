// The text of caught values, and the recognition of JSON objects.

import assert from "node:assert/strict";
import { test } from "node:test";
import { errorText } from "../../../plugin/common/error-text.ts";
import { isRecord } from "../../../rpc-schema/is-record.ts";

test("an error's text is its message, and any other value becomes text", () => {
  class OwnError extends Error {}
  const cases: [unknown, string][] = [
    [new Error("refused"), "refused"],
    [new OwnError("own"), "own"],
    ["plain", "plain"],
    [undefined, "undefined"],
    [null, "null"],
    [7, "7"],
  ];
  for (const [thrown, text] of cases) assert.equal(errorText(thrown), text);
});

test("only an object that is neither null nor an array is a record", () => {
  for (const record of [{}, { a: 1 }, Object.create(null)]) assert.equal(isRecord(record), true);
  for (const other of [null, undefined, [], "text", 7, true, () => undefined]) {
    assert.equal(isRecord(other), false);
  }
});
