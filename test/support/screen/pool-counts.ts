// Asks a plugin process for the frames, and the buffers of frames, that it holds.

import type { PluginProcess } from "../plugin/plugin-process.ts";

export interface PoolCounts {
  /** Captures of cameras and screens since the start. */
  readonly opened: number;
  /** Buffers of their pools whose memory is still held after a collection of garbage. */
  readonly buffers: number;
  /** Frames of screens that the add-on has lent and not got back. */
  readonly lent: number;
}

/** For `nodeArgs` of a plugin that is to be asked. */
export const POOL_PROBE: readonly string[] = [
  "--expose-gc",
  "--import",
  new URL("./pool-probe.ts", import.meta.url).href,
];

/** @returns a function that asks the plugin, which was started with POOL_PROBE. It must not be called twice at once. */
export function poolCountsOf({ pid, logged, log }: PluginProcess): () => Promise<PoolCounts> {
  let reports = 0;
  return async () => {
    reports += 1;
    const begin = `pool counts ${reports}: `;
    process.kill(pid, "SIGUSR2");
    await logged(new RegExp(`^${begin}`));
    const line =
      log()
        .split("\n")
        .find((one) => one.startsWith(begin)) ?? "";
    // Written by pool-probe.ts.
    return JSON.parse(line.slice(begin.length)) as PoolCounts;
  };
}
