// What malloc keeps free between blocks in use goes back to the system.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { loadNative } from "../../../native/index.ts";

/** malloc maps larger blocks by themselves, and gives them back at once: mallopt(3), M_MMAP_THRESHOLD. */
const BLOCK_BYTES = 64 * 1024;
const BLOCKS = 1_000;
/** So many blocks stay in use: one of each. */
const KEPT_OF = 10;

test("releaseFreeMemory gives the holes between used blocks back", async () => {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  let blocks = Array.from({ length: BLOCKS }, () => Buffer.allocUnsafeSlow(BLOCK_BYTES).fill(1));
  blocks = blocks.filter((_, index) => index % KEPT_OF === 0);
  collect();
  const before = process.memoryUsage.rss();
  await loadNative().releaseFreeMemory();
  const released = before - process.memoryUsage.rss();
  assert.ok(released > (BLOCKS * BLOCK_BYTES) / 2, `${released} bytes were released`);
  assert.ok(blocks.every((block) => block.at(-1) === 1));
});
