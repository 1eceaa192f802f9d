// Preloaded into the plugin by `node --import`: at SIGUSR2 it tells on stderr how late the main thread was since the
// last signal, and what its heap holds. The sound child inherits the option and is left alone.

import { writeSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";

/** How often the loop is asked; the histogram holds the time between two asks, so this is taken off. */
const RESOLUTION_MS = 10;
const NS_PER_MS = 1e6;

if (/\bmain\.[jt]s$/.test(process.argv[1] ?? "")) {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  const late = (percentile: number): number =>
    Math.max(0, delays.percentile(percentile) / NS_PER_MS - RESOLUTION_MS);
  process.on("SIGUSR2", () => {
    const { heapTotal, heapUsed, arrayBuffers, external } = process.memoryUsage();
    const figures = { p50: late(50), p99: late(99), p999: late(99.9), max: late(100) };
    writeSync(
      2,
      `loop-probe ${JSON.stringify({ ...figures, heapTotal, heapUsed, arrayBuffers, external })}\n`,
    );
    delays.reset();
  });
}
