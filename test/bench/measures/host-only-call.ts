// The plugin's cost at a size that two cores cannot also show: a two-way call without a page, in which the host acknowledges
// every frame at once. The plugin's work is the same as with a page.

import { setTimeout as delay } from "node:timers/promises";
import { frameLineRoute } from "../../../plugin/rpc/host-link.ts";
import type { CallStatistics } from "../../../rpc-schema/index.ts";
import { figuresOfTree } from "../../support/process/process-figures.ts";
import {
  type BenchSide,
  endCall,
  type FrameSize,
  introduce,
  makeCall,
  pidOf,
  startSide,
} from "../bench-side.ts";

export interface HostOnlyCallOptions {
  readonly own: FrameSize;
  readonly far: FrameSize;
  readonly warmUpMs: number;
  readonly windowMs: number;
}

export interface HostOnlyCallReport {
  readonly cpuCores: number;
  readonly farCpuCores: number;
  /** Frames that the host receives per second. */
  readonly shownFps: number;
  readonly statistics: CallStatistics;
}

export async function measureHostOnlyCall(options: HostOnlyCallOptions): Promise<HostOnlyCallReport> {
  const cleanups: (() => Promise<void>)[] = [];
  try {
    const alice = await startSide("Alice", options.own);
    cleanups.push(alice.stop);
    const bob = await startSide("Bob", options.far);
    cleanups.push(bob.stop);
    await introduce(alice.host, bob.host);
    const { callId } = await makeCall(bob.host, alice.host);
    const shown = await takeFrames(alice, callId);
    await delay(options.warmUpMs);
    const start = { ms: performance.now(), shown: shown(), alice: cpuOf(alice), bob: cpuOf(bob) };
    await delay(options.windowMs);
    const seconds = (performance.now() - start.ms) / 1000;
    const report = {
      cpuCores: (cpuOf(alice) - start.alice) / seconds,
      farCpuCores: (cpuOf(bob) - start.bob) / seconds,
      shownFps: (shown() - start.shown) / seconds,
      statistics: await alice.host.plugin.request("call.stats", { callId }),
    };
    await endCall(callId, alice.host, bob.host);
    return report;
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup();
  }
}

function cpuOf({ host }: BenchSide): number {
  return figuresOfTree(pidOf(host)).cpuSeconds;
}

/** Subscribes to the same streams as the call page, remote and local. Counts the remote frames. */
export async function takeFrames({ host }: BenchSide, callId: string): Promise<() => number> {
  const { plugin } = host;
  let count = 0;
  let remote = "";
  plugin.onFrameLine((line) => {
    const route = frameLineRoute(line);
    if (!route) return;
    if (route.stream === remote) count += 1;
    plugin.notify("frames.ack", route);
  });
  remote = (await plugin.request("frames.subscribe", { callId, source: "remote", maxWidth: 1280 })).stream;
  await plugin.request("frames.subscribe", { callId, source: "local", maxWidth: 320, maxFps: 15 });
  return () => count;
}
