// Preloaded into the plugin by `node --import`. On SIGUSR2 it prints to stderr the delay of the main thread since the last
// signal and the size of its heap, under `--expose-gc` after a collection. The sound process inherits the option but is not
// probed.

import { writeSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";

/** Sampling period of the loop. The histogram holds the time between two samples, so this is subtracted. */
const RESOLUTION_MS = 10;
const NS_PER_MS = 1e6;

if (/\bmain\.[jt]s$/.test(process.argv[1] ?? "")) {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  const late = (percentile: number): number =>
    Math.max(0, delays.percentile(percentile) / NS_PER_MS - RESOLUTION_MS);
  process.on("SIGUSR2", () => {
    globalThis.gc?.();
    const { heapTotal, heapUsed, arrayBuffers, external } = process.memoryUsage();
    const figures = { p50: late(50), p99: late(99), p999: late(99.9), max: late(100) };
    writeSync(
      2,
      `loop-probe ${JSON.stringify({ ...figures, heapTotal, heapUsed, arrayBuffers, external })}\n`,
    );
    delays.reset();
  });
}
