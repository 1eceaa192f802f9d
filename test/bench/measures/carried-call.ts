// What a plugin costs at a size that two cores cannot also show: a two-way call whose pictures are taken and
// acknowledged by the host at once, with no page. The plugin's work is the same as with one.

import { setTimeout as delay } from "node:timers/promises";
import { frameLineRoute } from "../../../plugin/rpc/host-link.ts";
import type { CallStatistics } from "../../../rpc-schema/index.ts";
import { figuresOfTree } from "../../support/process/process-figures.ts";
import {
  type BenchSide,
  endCall,
  introduce,
  makeCall,
  type PictureSize,
  pidOf,
  startSide,
} from "../bench-side.ts";

export interface CarriedWish {
  readonly own: PictureSize;
  readonly far: PictureSize;
  readonly warmUpMs: number;
  readonly windowMs: number;
}

export interface CarriedReport {
  readonly cpuCores: number;
  readonly farCpuCores: number;
  /** Pictures that the host got in a second. */
  readonly shownFps: number;
  readonly statistics: CallStatistics;
}

export async function measureCarriedCall(wish: CarriedWish): Promise<CarriedReport> {
  const cleanups: (() => Promise<void>)[] = [];
  try {
    const alice = await startSide("Alice", wish.own);
    cleanups.push(alice.stop);
    const bob = await startSide("Bob", wish.far);
    cleanups.push(bob.stop);
    await introduce(alice.host, bob.host);
    const { callId } = await makeCall(bob.host, alice.host);
    const shown = await takePictures(alice, callId);
    await delay(wish.warmUpMs);
    const start = { ms: performance.now(), shown: shown(), alice: cpuOf(alice), bob: cpuOf(bob) };
    await delay(wish.windowMs);
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

/** Subscribes to what the call page would, the large remote picture and the small own one. Counts the remote ones. */
export async function takePictures({ host }: BenchSide, callId: string): Promise<() => number> {
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
