// The speaker requests a block well before it needs it. If the voice is a little late, that time is used to wait for it,
// so that less sound has to wait in the ring. After the wait, concealment fills the block.

import { type Clock, systemClock } from "../../common/clock.ts";
import type { PlaybackRing } from "./playback-ring.ts";

/** A block is needed 20 ms after its request (portaudio.ts). 8 ms are kept for a busy event loop. */
export const FILL_WAIT_MS = 12;

interface WaitThenFill {
  /** Fills the block at once or a little later, then calls back. Call it again only after the callback. */
  fill(block: Int16Array, onFilled: () => void): void;
  /** Call it after each push into the ring. */
  onPush(): void;
  /** Cancels a waiting fill, whose callback is never called. */
  clear(): void;
}

export function createWaitThenFill(
  ring: PlaybackRing,
  clock: Pick<Clock, "after"> = systemClock,
): WaitThenFill {
  let finish: (() => void) | null = null;
  let cancel: () => void = () => undefined;
  const clear = () => {
    cancel();
    finish = null;
  };
  return {
    fill(block, onFilled) {
      const dueSamples = ring.fillSamples;
      const pull = () => {
        clear();
        ring.pull(block, dueSamples);
        onFilled();
      };
      if (!ring.isLate) {
        pull();
        return;
      }
      finish = pull;
      cancel = clock.after(FILL_WAIT_MS, pull);
    },
    onPush() {
      if (!ring.isLate) finish?.();
    },
    clear,
  };
}
