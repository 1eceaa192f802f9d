// Checks that a device has a clock. ALSA's `null`, the default in some containers, takes and gives samples as fast as the
// processor can ask, and what it gives is memory that nobody wrote.

import { setTimeout as wait } from "node:timers/promises";

/** Blocks last 10 ms. */
const BLOCKS_PER_MS = 0.1;
const CHECK_MS = 200;
/** A device may begin with two seconds of what it has stored, or take as much ahead of time. */
const STORED_BLOCKS = 200;
/** No clock is twice as fast as it should be. */
const MOST_TIMES = 2;

/**
 * Waits for 0.2 s and counts.
 * @param blocks the number of blocks so far
 * @returns how many times too fast the device is, rounded; null when it has a clock
 */
export async function timesTooFast(blocks: () => number): Promise<number | null> {
  const startMs = performance.now();
  const before = blocks();
  await wait(CHECK_MS);
  const expected = (performance.now() - startMs) * BLOCKS_PER_MS;
  const counted = blocks() - before;
  return counted > MOST_TIMES * expected + STORED_BLOCKS ? Math.round(counted / expected) : null;
}
