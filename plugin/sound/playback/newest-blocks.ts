// A short queue between a reader that gets its bytes in bursts and a consumer that wants the present.
// The newest blocks win; how they arrive and what is done with them is not its business.

/**
 * Blocks that may be handed on in one go: 40 ms, what a busy event loop loses now and then. What is older was
 * spoken too long ago; sending it would delay every word that follows.
 */
export const MAX_WAITING_BLOCKS = 4;

export interface NewestBlocks {
  push(block: Int16Array): void;
  /** Forgets what waits. */
  clear(): void;
  /** Blocks that were overtaken since the start. */
  readonly dropped: number;
}

/** @param defer runs the delivery after all bytes of this turn of the event loop were read. */
export function createNewestBlocks(
  deliver: (block: Int16Array) => void,
  defer: (run: () => void) => void = setImmediate,
): NewestBlocks {
  let waiting: Int16Array[] = [];
  let isScheduled = false;
  let dropped = 0;
  const flush = () => {
    isScheduled = false;
    const blocks = waiting;
    waiting = [];
    for (const block of blocks) deliver(block);
  };
  return {
    push(block) {
      if (waiting.length === MAX_WAITING_BLOCKS) {
        waiting.shift();
        dropped += 1;
      }
      waiting.push(block);
      if (isScheduled) return;
      isScheduled = true;
      defer(flush);
    },
    clear() {
      waiting = [];
    },
    get dropped() {
      return dropped;
    },
  };
}
