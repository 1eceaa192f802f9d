// A capture of a screen whose frames a test waits for.

import { setTimeout as delay } from "node:timers/promises";
import type { Capture, CaptureCallbacks, CaptureError, VideoFrame } from "../../../native/types.ts";
import { HANG_LIMIT_MS } from "../process/hang-limit.ts";

/** A copy of the last frame, since the frame itself is only lent. */
export interface Seen {
  readonly width: number;
  readonly height: number;
  readonly capturedAtUs: number;
  /** 16 is black, 235 white. */
  luma(x: number, y: number): number;
}

export interface WatchedCapture {
  readonly capture: Capture;
  /** Resolves with the first frame that fits, of those since the last call. */
  until(fits: (seen: Seen) => boolean): Promise<Seen>;
  readonly ended: Promise<CaptureError>;
}

/** @param open the function under test */
export async function watchCapture(
  open: (callbacks: CaptureCallbacks) => Promise<Capture>,
): Promise<WatchedCapture> {
  const ended = Promise.withResolvers<CaptureError>();
  let wake = Promise.withResolvers<void>();
  let last: Seen | null = null;
  const capture = await open({
    onFrame(frame) {
      last = copyOf(frame);
      wake.resolve();
    },
    onError: ended.resolve,
  });
  return {
    capture,
    ended: ended.promise,
    async until(fits) {
      const limit = AbortSignal.timeout(HANG_LIMIT_MS);
      for (;;) {
        if (last !== null && fits(last)) return last;
        wake = Promise.withResolvers();
        await Promise.race([wake.promise, ended.promise, abortOf(limit)]);
        if (limit.aborted) throw new Error(`no frame fitted; the last: ${last && describe(last)}`);
      }
    },
  };
}

function abortOf(signal: AbortSignal): Promise<void> {
  return delay(HANG_LIMIT_MS, undefined, { signal, ref: false }).catch(() => undefined);
}

const describe = (seen: Seen) => `${seen.width}x${seen.height}, its corner has luma ${seen.luma(0, 0)}`;

function copyOf({ width, height, capturedAtUs, data }: VideoFrame): Seen {
  const pixels = data.slice(0, width * height);
  return { width, height, capturedAtUs, luma: (x, y) => pixels[y * width + x] ?? Number.NaN };
}
