// The speaker asks for a block well before it needs it. While the voice is a little late, that time is used to wait for it,
// so that less has to wait in the ring; only then something stands in. Knows neither devices nor processes.

import { type Clock, systemClock } from "../tone.ts";
import type { PlaybackRing } from "./playback-ring.ts";

/** A block is needed 20 ms after it was asked for (portaudio.ts); 8 ms of them are for a busy event loop. */
export const FILL_WAIT_MS = 12;

export interface WaitThenFill {
  /** Fills the block, at once or a little later, then calls back. The next call comes after that. */
  fill(block: Int16Array, onFilled: () => void): void;
  /** Something was pushed into the ring. */
  arrived(): void;
  /** Forgets who waits; it is never called back. */
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
    arrived() {
      if (!ring.isLate) finish?.();
    },
    clear,
  };
}
