// The cost of observation: the main thread of Alice's plugin, where the charts and their observers run, in one call. The modes
// alternate: off, `debugging` without a client, `recording`, and one chart viewer. Turns are short and repeated, so that other
// load affects all modes alike.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { listRunning, runtimeFolder } from "../../../plugin/diagnostics/runtime-file.ts";
import type { DeepPartial, Settings } from "../../../rpc-schema/index.ts";
import { openInspectionClient } from "../../support/charts/inspection-client.ts";
import {
  type BenchSide,
  endCall,
  type FrameSize,
  introduce,
  makeCall,
  pidOf,
  startSide,
} from "../bench-side.ts";
import { median } from "../figures.ts";
import { takeFrames } from "./host-only-call.ts";

const MODES = ["alone", "none", "recording", "viewer"] as const;
type Mode = (typeof MODES)[number];

export interface WatchingReport {
  /** Main thread in % of a core, by turn. */
  readonly turns: Readonly<Record<Mode, readonly number[]>>;
  /** Entries that the chart viewer received in all its turns, without those of the initial state. */
  readonly entries: number;
  /** Cost of the mode over `off`: the median of the rounds' differences, % of a core. */
  beyondAlone(mode: Mode): number;
}

/** Time for the settings to take effect, and for the chart viewer's first entries to pass. */
const SETTLE_MS = 500;
const NS_PER_MS = 1e6;

export async function measureWatching(
  size: FrameSize,
  { warmUpMs, rounds, turnMs }: { warmUpMs: number; rounds: number; turnMs: number },
): Promise<WatchingReport> {
  const dataDir = mkdtempSync(join(tmpdir(), "goop-bench-"));
  const cleanups: (() => Promise<void>)[] = [async () => rmSync(dataDir, { recursive: true })];
  try {
    const alice = await startSide("Alice", size, { dataDir });
    cleanups.push(alice.stop);
    const bob = await startSide("Bob", size);
    cleanups.push(bob.stop);
    await introduce(alice.host, bob.host);
    const { callId } = await makeCall(bob.host, alice.host);
    await takeFrames(alice, callId);
    await delay(warmUpMs);
    const turns: Record<Mode, number[]> = { alone: [], none: [], recording: [], viewer: [] };
    let entries = 0;
    for (let round = 0; round < rounds; round += 1) {
      for (const mode of inOrderOf(round)) {
        const turn = await takeTurn(alice, mode, turnMs);
        turns[mode].push(turn.percent);
        entries += turn.entries;
      }
    }
    await endCall(callId, alice.host, bob.host);
    const beyondAlone = (mode: Mode): number =>
      median(turns[mode].map((percent, round) => percent - (turns.alone[round] ?? Number.NaN)));
    return { turns, entries, beyondAlone };
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup();
  }
}

/** Each round begins with another mode, so that a machine that slows down or warms up affects all of them alike. */
function inOrderOf(round: number): readonly Mode[] {
  const first = round % MODES.length;
  return [...MODES.slice(first), ...MODES.slice(0, first)];
}

async function takeTurn(alice: BenchSide, mode: Mode, turnMs: number) {
  const settings: DeepPartial<Settings> = {
    debugging: mode === "none" || mode === "viewer",
    recording: mode === "recording" ? "masked" : "off",
  };
  await alice.host.plugin.request("settings.update", { settings });
  const viewer = mode === "viewer" ? await openInspectionClient(await pageUrlOf(alice)) : undefined;
  await viewer?.ask("charts.subscribe");
  await delay(SETTLE_MS);
  const standing = viewer?.entries.length ?? 0;
  const before = { cpuNs: mainThreadNs(alice), ms: performance.now() };
  await delay(turnMs);
  const spentMs = (mainThreadNs(alice) - before.cpuNs) / NS_PER_MS;
  const percent = (100 * spentMs) / (performance.now() - before.ms);
  const entries = (viewer?.entries.length ?? 0) - standing;
  await viewer?.end();
  return { percent, entries };
}

/** Finds the page's address as `inspect` does. */
async function pageUrlOf({ host, pulse }: BenchSide): Promise<string> {
  const folder = runtimeFolder(pulse.env.XDG_RUNTIME_DIR, tmpdir(), process.getuid?.() ?? 0);
  for (;;) {
    const watch = listRunning(folder).find(({ pid }) => pid === pidOf(host))?.watch;
    if (watch) return watch.pageUrl;
    await delay(20);
  }
}

/** Time on a processor, from /proc/PID/task/TID/schedstat (kernel documentation, scheduler/sched-stats). */
function mainThreadNs({ host }: BenchSide): number {
  const pid = pidOf(host);
  return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, "utf8").split(" ")[0]);
}
