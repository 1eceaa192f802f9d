// A short queue between a reader that receives blocks in bursts and a consumer that needs the newest ones.

/**
 * Blocks that may be delivered at once: 40 ms, as long as a busy event loop stalls now and then. Older blocks are dropped,
 * because sending them would delay all later sound.
 */
export const MAX_WAITING_BLOCKS = 4;

interface NewestBlocks {
  push(block: Int16Array): void;
  /** Drops the waiting blocks. */
  clear(): void;
  /** Blocks dropped since the start. */
  readonly dropped: number;
}

/** @param defer runs the delivery after all bytes of this event loop turn were read */
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
