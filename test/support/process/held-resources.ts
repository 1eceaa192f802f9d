// What a process holds, to compare before and after a piece of work.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { HANG_LIMIT_MS } from "./hang-limit.ts";

const RELEASE_POLL_MS = 20;

export interface HeldResources {
  readonly descriptors: number;
  readonly threads: number;
}

/** The directory's own descriptor is in every count of this process. @param pid of another process */
export function heldResources(pid: number | "self" = "self"): HeldResources {
  return {
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    threads: readdirSync(`/proc/${pid}/task`).length,
  };
}

/**
 * A leak is growth. Fewer are no fault: the engine gives back descriptors and threads of its own at any time, for instance
 * those of a worker that has just ended.
 */
export function assertNotGrown<Counts extends Record<keyof Counts, number>>(
  before: Counts,
  after: Counts,
): void {
  const limits = new Map(Object.entries<number>(before));
  const grown = Object.entries<number>(after).filter(([what, count]) => count > (limits.get(what) ?? 0));
  assert.deepEqual(grown, [], `before ${JSON.stringify(before)}, after ${JSON.stringify(after)}`);
}

/** Waits until no more is held than before, or for ten seconds. @returns what is held then */
export async function releasedResources(
  before: HeldResources,
  pid: number | "self" = "self",
): Promise<HeldResources> {
  const deadline = performance.now() + HANG_LIMIT_MS;
  for (;;) {
    const now = heldResources(pid);
    const isReleased = now.descriptors <= before.descriptors && now.threads <= before.threads;
    if (isReleased || performance.now() > deadline) return now;
    await delay(RELEASE_POLL_MS);
  }
}
