// One call between two plugins with changes all the time. After each round of changes everything is at rest, and the figures are
// read.

import { setTimeout as delay } from "node:timers/promises";
import type { HostLink } from "../../plugin/rpc/host-link.ts";
import type { CallStatistics } from "../../rpc-schema/index.ts";
import { type BenchSide, endCall, makeCall, pidOf } from "../bench/bench-side.ts";
import { median } from "../bench/figures.ts";
import { type HeardBursts, hearBursts } from "../bench/measures/sound/mouth-to-ear.ts";
import { type RelayedSides, withRelayedSides } from "../bench/relayed-sides.ts";
import { UdpRelay } from "../support/network/simulated/udp-relay.ts";
import { seededRandom } from "../support/process/seeded-random.ts";
import {
  type ChangeName,
  makeChange,
  PICTURE,
  reducedPictures,
  rest,
  type SoakCall,
  type SoakSide,
  wait,
} from "./changes.ts";
import type { Journal } from "./journal.ts";
import type { CallReading, Reading } from "./limits.ts";
import { PageView } from "./page-view.ts";
import { readDriver, readSide } from "./process-readings.ts";
import type { Schedule } from "./schedule.ts";

/**
 * Bob's bursts, which are measured, come each second. With the same period at both sides, Alice's may reach Bob's speaker just before
 * his own each time, and his echo canceller rightly takes his for their echo.
 */
const ALICE_BURST_MS = 1_300;
/** The microphone and its voice processing, before WebRTC: the peer's lip sync does not know this part. */
const MICROPHONE_MS = 35;
/** From the host to the page's canvas, the median at 640x480. */
const PAGE_MS = 2;
export interface SoakRound {
  /** From 1. */
  readonly number: number;
  readonly changes: Readonly<Partial<Record<ChangeName, number>>>;
  readonly reading: Reading;
  /** What was missing or reduced at rest. */
  readonly notes: readonly string[];
}

export interface SoakOptions {
  readonly seed: number;
  readonly schedule: Schedule;
  readonly changes: readonly ChangeName[];
  /** Collects the plugins' garbage before each reading. That separates leaks from garbage, but also hides garbage that piles up. */
  readonly collectsGarbage?: boolean;
  /** Receives the changes and the phases of the call. */
  readonly journal: Journal;
  /** Ends the soak early. What it started has ended when the rejection arrives. */
  readonly signal: AbortSignal;
  onConnected?(): void;
  /** Before each reading, for tests that inject a leak. */
  beforeReading?(): void;
  onRound(round: SoakRound): void;
}

/**
 * Resolves after the last round, when everything that it started has ended.
 *
 * @throws Error when the call ends, a plugin dies, or a change fails
 */
export async function runSoak(options: SoakOptions): Promise<void> {
  const { seed, signal, collectsGarbage = false } = options;
  const side = { nodeArgs: collectsGarbage ? ["--expose-gc"] : [] };
  let running: Promise<void> | undefined;
  const relay = await UdpRelay.start({ seed });
  const use = (sides: RelayedSides) => {
    running = runCall(sides, options);
    return Promise.race([running, rejectionOf(signal)]);
  };
  try {
    await withRelayedSides(relay, PICTURE, use, { alice: { ...side, burstMs: ALICE_BURST_MS }, bob: side });
  } finally {
    // Its requests have failed with the plugins' end, which is not the reason of the abort.
    await running?.catch(() => undefined);
  }
}

async function runCall({ alice, bob, relay }: RelayedSides, options: SoakOptions): Promise<void> {
  options.signal.throwIfAborted();
  const { callId } = await makeCall(bob.host, alice.host);
  options.onConnected?.();
  const { schedule, signal, journal } = options;
  const lost = Promise.withResolvers<never>();
  for (const { plugin, state } of [alice.host, bob.host]) {
    notePhases(plugin, state.label, journal);
    plugin.onNotification("call.ended", ({ reason, detail = "" }) =>
      lost.reject(new Error(`the call ended: ${reason} ${detail}`)),
    );
    void plugin.closed.then((why) => lost.reject(new Error(`a plugin left the call: ${why}`)));
  }
  const side = (bench: BenchSide, network: "a" | "b"): SoakSide => ({
    bench,
    page: new PageView(bench.host.plugin, callId),
    network,
    isMicrophoneOn: true,
    isCameraOn: true,
  });
  const sides = [side(alice, "a"), side(bob, "b")] as const;
  const call: SoakCall = { callId, relay, sides, schedule, journal, signal };
  // Resolves alone only by a rejection.
  await Promise.race([runRounds(call, options), lost.promise]);
  lost.promise.catch(() => undefined);
  for (const { page } of call.sides) page.end();
  await endCall(callId, alice.host, bob.host);
}

function notePhases(plugin: HostLink, label: string, journal: Journal): void {
  let last = "connected";
  plugin.onNotification("call.changed", ({ phase }) => {
    if (phase !== last) journal.note(`${label} is ${phase}`);
    last = phase;
  });
}

async function runRounds(call: SoakCall, options: SoakOptions): Promise<void> {
  await rest(call);
  // A process starts a thread with its first snapshot, and keeps it. A side that gets it in a late round would seem to leak.
  for (const { bench } of call.sides) {
    await bench.host.plugin.request("call.snapshot", { callId: call.callId, source: "local" });
  }
  const pids = call.sides.map(({ bench }) => pidOf(bench.host));
  let withoutPictures = 0;
  for (let number = 1; number <= call.schedule.rounds; number += 1) {
    const round = await runRound(call, { number, withoutPictures }, options);
    ({ withoutPictures } = round.reading.call);
    options.onRound(round);
    const now = call.sides.map(({ bench }) => pidOf(bench.host));
    if (String(now) !== String(pids))
      throw new Error(`a plugin was restarted: processes ${pids}, now ${now}`);
  }
}

/** @param before the number of this round, and how many just before it lacked pictures */
async function runRound(
  call: SoakCall,
  before: { number: number; withoutPictures: number },
  options: SoakOptions,
): Promise<SoakRound> {
  const { schedule, sides, signal } = call;
  const { number, withoutPictures } = before;
  const [alice, bob] = sides;
  // Of each round alone, so that a slow machine that makes fewer changes makes the same ones.
  const random = seededRandom(options.seed + number);
  const changes: Partial<Record<ChangeName, number>> = {};
  const statistics = new StatisticsWindow(alice.bench);
  const endMs = performance.now() + schedule.changesMs;
  while (performance.now() < endMs) {
    const name = await makeChange(call, options.changes, random);
    changes[name] = (changes[name] ?? 0) + 1;
    await wait(call, schedule.pauseMs, random);
  }
  const notes = await rest(call);
  const lacking = notes.length === 0 ? 0 : withoutPictures + 1;
  const { concealed: concealedInChanges } = statistics.end();
  await delay(schedule.settleMs, undefined, { signal });
  const measured = await measureCall(call);
  const reduced = await reducedPictures(call);
  options.beforeReading?.();
  return {
    number,
    changes,
    notes: [...notes, ...reduced.notes, ...measured.notes],
    reading: {
      alice: await readSide(alice.bench),
      bob: await readSide(bob.bench),
      call: {
        ...measured.figures,
        concealedInChanges,
        withoutPictures: lacking,
        reducedByLink: reduced.byLink,
      },
      driver: readDriver(),
    },
  };
}

interface MeasuredCall {
  readonly figures: Omit<CallReading, "concealedInChanges" | "withoutPictures" | "reducedByLink">;
  /** Why a figure is missing. */
  readonly notes: readonly string[];
}

/** From Bob to Alice. */
async function measureCall(call: SoakCall): Promise<MeasuredCall> {
  const { schedule, sides, signal } = call;
  const [alice, bob] = sides;
  const statistics = new StatisticsWindow(alice.bench);
  const startMs = performance.now();
  const time = delay(schedule.measureMs, undefined, { signal });
  const [frames, sound] = await Promise.all([
    alice.page.measure(time),
    schedule.measuresMedia ? hearBursts(bob.bench.pulse, alice.bench.pulse, schedule.measureMs) : null,
  ]);
  const seconds = (performance.now() - startMs) / 1_000;
  const decoded = median(frames.decodedMs);
  const delayMs = decoded + median(frames.deliveredMs);
  const mouthToEar = median(sound?.delaysMs ?? []);
  const figures = {
    delay: delayMs,
    decoded,
    mouthToEar,
    soundAgainstPicture: mouthToEar - MICROPHONE_MS - (delayMs + PAGE_MS),
    ...statistics.end(),
    fps: frames.received / seconds,
  };
  const isUnheard = sound !== null && Number.isNaN(mouthToEar);
  return { figures, notes: isUnheard ? [await unheard(call, sound)] : [] };
}

async function unheard(
  { sides: [alice, bob] }: SoakCall,
  { mouthPeak, earPeak }: HeardBursts,
): Promise<string> {
  const [heard, spoken] = await Promise.all(
    [alice, bob].map(async ({ bench }) => (await bench.host.plugin.request("call.list", {})).calls[0]?.local),
  );
  const [ear, mouth] = [heard?.speaker.state, spoken?.microphone.state];
  return `no burst came through: peak ${mouthPeak} at Bob's microphone (${mouth}), ${earPeak} at Alice's speaker (${ear})`;
}

/** The statistics of a side from its making to `end`, one each second. */
class StatisticsWindow {
  readonly #seconds: CallStatistics[] = [];
  readonly #off: () => void;

  constructor({ host }: BenchSide) {
    this.#off = host.plugin.onNotification("call.statistics", (second) => void this.#seconds.push(second));
  }

  /** Each is NaN without a value. @returns the mean share of concealed sound in percent, and the median round trip in ms */
  end(): { concealed: number; roundTrip: number } {
    this.#off();
    const shares = numbersOf(this.#seconds.map(({ concealedSound }) => concealedSound));
    return {
      concealed: (100 * shares.reduce((sum, share) => sum + share, 0)) / shares.length,
      roundTrip: median(numbersOf(this.#seconds.map(({ roundTripMs }) => roundTripMs))),
    };
  }
}

function numbersOf(values: readonly (number | null | undefined)[]): number[] {
  return values.filter((value) => typeof value === "number");
}

function rejectionOf(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
