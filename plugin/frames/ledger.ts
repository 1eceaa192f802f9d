// Counts the fate of each frame of a source. The sum always closes.

import type { FrameCounts } from "../../rpc-schema/index.ts";

export type FrameFate = "unwatched" | "paced" | "replaced" | "failed" | "written";

export interface Ledger {
  /** A frame was offered to one stream, or to none. */
  enter(): void;
  /** An offered frame met its fate. */
  leave(fate: FrameFate): void;
  counts(): FrameCounts;
}

/** `offered` counts once for each subscriber, because each decides for itself. */
export function createLedger(): Ledger {
  const counts = { offered: 0, unwatched: 0, paced: 0, replaced: 0, failed: 0, written: 0, waiting: 0 };
  return {
    enter() {
      counts.offered += 1;
      counts.waiting += 1;
    },
    leave(fate) {
      counts[fate] += 1;
      counts.waiting -= 1;
    },
    counts: () => ({ ...counts }),
  };
}
