// The processor time of plugins over a while.

import { setTimeout as delay } from "node:timers/promises";
import type { Host } from "../../../../plugin/host/host.ts";
import { figuresOfTree } from "../../../support/process/process-figures.ts";
import { pidOf } from "../../bench-side.ts";
import type { FigureName } from "../../figures.ts";

export type SetFigure = (name: FigureName, value: number, note?: string) => void;

/** @returns for each host the cores that its plugin and the plugin's children used */
export async function coresIn(hosts: readonly Host[], lastsMs: number): Promise<number[]> {
  const cpu = () => hosts.map((host) => figuresOfTree(pidOf(host)).cpuSeconds);
  const [before, beganAt] = [cpu(), performance.now()];
  await delay(lastsMs);
  const seconds = (performance.now() - beganAt) / 1_000;
  return cpu().map((after, at) => (after - (before[at] ?? Number.NaN)) / seconds);
}
