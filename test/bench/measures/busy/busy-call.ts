// A call while other programs take every processor: gaps in the sound, and mouth to ear against the same call before.
// `node test/bench/measures/busy/busy-call.ts [--seconds 60] [--allowed everything|nothing]` runs it alone.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { availableParallelism, getPriority, setPriority } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { frameLineRoute } from "../../../../plugin/rpc/host-link.ts";
import type { CallStatistics } from "../../../../rpc-schema/index.ts";
import { connectCall, type PluginProcess, startPair } from "../../../support/plugin/plugin-process.ts";
import { PULSE_RATE, type Pulse, startPulse } from "../../../support/sound/pulse.ts";
import { type FigureName, median } from "../../figures.ts";
import { burstLoop, delaysBetween, findOnsets, recordTimed } from "../sound/mouth-to-ear.ts";

/** The goal of the figures counts silences longer than this. */
const GAP_MS = 50;
/** A tenth of the tone: -32 dB of full scale. */
const HEARD = 800;
/** A recorder that lacks time has one chunk in time within seconds. */
const NEAR_MS = 3_000;
const TONE_HZ = 400;
const TONE_PEAK = 8_000;
const WARM_UP_MS = 6_000;
const PLAIN_VOICE = { echoCancellation: false, noiseSuppression: false, automaticGain: false };
/** Less than the sound server's own priority. */
const TOOLS_NICE = -10;
const SIZE = { width: 640, height: 480, fps: 30 };

/** What the plugins may do about priorities: as much as root, or as a user without any right and without rtkit. */
type Allowed = "everything" | "nothing";

/** Programs that replace themselves by the plugin. */
const WRAPS: Readonly<Record<Allowed, readonly string[]>> = {
  everything: [],
  nothing: ["setpriv", "--bounding-set=-sys_nice", "--inh-caps=-sys_nice"],
};
const NO_BUS = {
  DBUS_SYSTEM_BUS_ADDRESS: "unix:path=/nonexistent",
  DBUS_SESSION_BUS_ADDRESS: "unix:path=/nonexistent",
};

interface BusyWindow {
  /** Silences of more than 50 ms of the tone at Bob's speaker, ms. */
  readonly gapsMs: readonly number[];
  readonly longestGapMs: number;
  /** From Bob's microphone to Alice's speaker, ms. */
  readonly mouthToEarMs: readonly number[];
  readonly framesPerSecond: number;
  readonly statistics: CallStatistics;
}

interface BusyReport {
  readonly idle: BusyWindow;
  readonly busy: BusyWindow;
}

/** @param windowMs of the busy part; the idle one takes a third of it */
async function measureBusyCall(windowMs: number, allowed: Allowed): Promise<BusyReport> {
  const ends: (() => Promise<void>)[] = [];
  try {
    const [mouth, ear] = [await startPulse({ prompt: true }), await startPulse({ prompt: true })];
    ends.push(
      () => mouth.stop(),
      () => ear.stop(),
    );
    const settings = { microphone: "auto", speaker: "auto", picture: SIZE, ...PLAIN_VOICE };
    const wrap = WRAPS[allowed];
    const { alice, bob, stop } = await startPair(
      { settings, env: { ...ear.env, ...NO_BUS }, wrap },
      { settings, env: { ...mouth.env, ...NO_BUS }, wrap },
    );
    ends.push(stop);
    const usual = getPriority();
    ends.push(raiseTools(usual), mouth.play(burstLoop()), ear.play(toneLoop()));
    const callId = await connectCall(bob, alice);
    const frames = await takeFrames([alice, bob], callId);
    await delay(WARM_UP_MS);
    const measure = (lastsMs: number) => measureWindow({ mouth, ear, alice, callId, frames }, lastsMs);
    const idle = await measure(windowMs / 3);
    const loops = startLoops(2 * windowMs, usual);
    ends.push(() => endLoops(loops));
    await delay(WARM_UP_MS / 2);
    return { idle, busy: await measure(windowMs) };
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

interface Measured {
  readonly mouth: Pulse;
  readonly ear: Pulse;
  readonly alice: PluginProcess;
  readonly callId: string;
  readonly frames: () => number;
}

async function measureWindow(
  { mouth, ear, alice, callId, frames }: Measured,
  lastsMs: number,
): Promise<BusyWindow> {
  const before = frames();
  const startMs = performance.now();
  const [spoken, heard, tone] = await Promise.all([
    recordTimed(mouth, "micfeed", lastsMs),
    recordTimed(ear, "speaker", lastsMs),
    recordTimed(mouth, "speaker", lastsMs),
  ]);
  const framesPerSecond = (frames() - before) / ((performance.now() - startMs) / 1000);
  const gapsMs = silencesMs(tone.samples);
  return {
    gapsMs: gapsMs.filter((ms) => ms > GAP_MS),
    longestGapMs: Math.max(0, ...gapsMs),
    mouthToEarMs: delaysBetween(
      findOnsets(spoken, PULSE_RATE, NEAR_MS),
      findOnsets(heard, PULSE_RATE, NEAR_MS),
    ),
    framesPerSecond,
    statistics: await alice.host.request("call.stats", { callId }),
  };
}

/** The lengths of all silences between two sounds, ms. */
function silencesMs(samples: Int16Array, rate = PULSE_RATE): number[] {
  const lengths: number[] = [];
  let lastHeard = -1;
  samples.forEach((sample, at) => {
    if (Math.abs(sample) < HEARD) return;
    if (lastHeard >= 0 && at - lastHeard > rate / TONE_HZ) lengths.push(((at - lastHeard) * 1000) / rate);
    lastHeard = at;
  });
  return lengths;
}

function toneLoop(): Int16Array {
  return Int16Array.from({ length: PULSE_RATE }, (_, at) =>
    Math.round(TONE_PEAK * Math.sin((2 * Math.PI * TONE_HZ * at) / PULSE_RATE)),
  );
}

/** Both hosts show the remote frames and acknowledge each. */
async function takeFrames(plugins: readonly PluginProcess[], callId: string): Promise<() => number> {
  let count = 0;
  for (const { host } of plugins) {
    host.onFrameLine((line) => {
      const route = frameLineRoute(line);
      if (!route) return;
      count += 1;
      host.notify("frames.ack", route);
    });
    await host.request("frames.subscribe", { callId, source: "remote" });
  }
  return () => count / plugins.length;
}

/** What feeds, records and shows the frames must not lack time itself. @returns a function that undoes it */
function raiseTools(usual: number): () => Promise<void> {
  setPriority(TOOLS_NICE);
  return async () => setPriority(usual);
}

/** One endless loop for each processor, of the plugins' niceness. timeout(1) ends them should this process die. */
function startLoops(limitMs: number, nice: number): ChildProcess[] {
  const limited = ["timeout", "-s", "KILL", String(Math.ceil(limitMs / 1000)), process.execPath];
  return Array.from({ length: availableParallelism() }, () =>
    spawn("nice", ["-n", String(nice - TOOLS_NICE), ...limited, "-e", "for (;;);"], { stdio: "ignore" }),
  );
}

async function endLoops(loops: readonly ChildProcess[]): Promise<void> {
  for (const loop of loops) {
    if (loop.exitCode !== null || loop.signalCode !== null) continue;
    const gone = once(loop, "exit");
    // timeout(1) passes it on to its program.
    loop.kill("SIGTERM");
    await gone;
  }
}

function describeWindow({ gapsMs, longestGapMs, mouthToEarMs, ...rest }: BusyWindow): string {
  const { receiveWidth, receiveHeight } = rest.statistics;
  return [
    `longest silence ${longestGapMs.toFixed(0)}, gaps ${gapsMs.map((ms) => ms.toFixed(0)).join(" ") || "none"}`,
    `mouth to ear at most ${Math.max(...mouthToEarMs).toFixed(0)}, ${mouthToEarMs.length} marks`,
    `${rest.framesPerSecond.toFixed(1)} frames a second of ${receiveWidth}x${receiveHeight}`,
  ].join("; ");
}

const BUSY_FIGURES = [
  "busy.soundGaps",
  "busy.longestGap",
  "busy.mouthToEar",
  "busy.beyondIdle",
] as const satisfies FigureName[];

type SetFigure = (name: FigureName, value: number, note?: string) => void;

export const BUSY_STAGE = {
  what: "480p both ways with sound while other programs take every processor, beside the same call before",
  figures: BUSY_FIGURES,
  async run({ busyMs }: { busyMs: number }, results: { set: SetFigure }): Promise<void> {
    const { idle, busy } = await measureBusyCall(busyMs, "everything");
    const idleMs = median(idle.mouthToEarMs);
    const busyMedianMs = median(busy.mouthToEarMs);
    results.set("busy.soundGaps", (busy.gapsMs.length * 60_000) / busyMs, describeWindow(busy));
    results.set("busy.longestGap", busy.longestGapMs, `before: ${describeWindow(idle)}`);
    results.set("busy.mouthToEar", busyMedianMs, `before: ${idleMs.toFixed(1)}`);
    results.set("busy.beyondIdle", busyMedianMs - idleMs);
  },
};

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      seconds: { type: "string", default: "60" },
      allowed: { type: "string", default: "everything" },
    },
  });
  const allowed = values.allowed === "nothing" ? "nothing" : "everything";
  const { idle, busy } = await measureBusyCall(1_000 * Number(values.seconds), allowed);
  for (const [name, window] of [
    ["before", idle],
    ["busy", busy],
  ] as const) {
    console.log(
      `${name}: mouth to ear ${median(window.mouthToEarMs).toFixed(1)} ms; ${describeWindow(window)}`,
    );
  }
  process.exit(0);
}
