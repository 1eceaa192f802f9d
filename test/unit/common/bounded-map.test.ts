// A map that drops its oldest entry when it is full.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BoundedMap } from "../../../plugin/common/bounded-map.ts";

function abc() {
  const map = new BoundedMap<string, number>(3);
  for (const [index, key] of ["a", "b", "c"].entries()) map.set(key, index);
  return map;
}

test("a new entry in a full map drops the oldest entry and returns it", () => {
  const map = abc();
  assert.deepEqual(map.set("d", 3), ["a", 0]);
  assert.equal(map.size, 3);
  assert.equal(map.has("a"), false);
  assert.deepEqual([...map.keys()], ["b", "c", "d"]);
  assert.deepEqual([...map.values()], [1, 2, 3]);
});

test("setting an existing key makes it the newest and drops nothing", () => {
  const map = abc();
  assert.equal(map.set("a", 7), undefined);
  assert.deepEqual(
    [...map.entries()],
    [
      ["b", 1],
      ["c", 2],
      ["a", 7],
    ],
  );
});

test("reading an entry does not change its age", () => {
  const map = abc();
  assert.equal(map.get("a"), 0);
  assert.deepEqual(map.set("d", 3), ["a", 0]);
});

test("deleting an entry makes room for another", () => {
  const map = abc();
  assert.equal(map.delete("b"), true);
  assert.equal(map.delete("b"), false);
  assert.equal(map.set("d", 3), undefined);
  map.clear();
  assert.equal(map.size, 0);
});
