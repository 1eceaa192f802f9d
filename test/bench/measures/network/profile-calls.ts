// Calls between two plugins over networks as people have them: how many connect and how soon, what a call of some length shows
// and plays, and how soon it is back after a blackout. Every packet passes a relay in this process.

import { setTimeout as delay } from "node:timers/promises";
import { frameLineRoute } from "../../../../plugin/rpc/host-link.ts";
import { BLACKOUT, FREE_LINK } from "../../../support/network/simulated/link-shape.ts";
import { applyProfile, PROFILES, type ProfileName } from "../../../support/network/simulated/profiles.ts";
import { UdpRelay } from "../../../support/network/simulated/udp-relay.ts";
import { seededRandom } from "../../../support/process/seeded-random.ts";
import { longestGapMs } from "../../../support/sound/sound-card-clock.ts";
import { type BenchSide, endCall, type FrameSize, makeCall } from "../../bench-side.ts";
import { type FigureName, quantile } from "../../figures.ts";
import { type RelayedSides, withRelayedSides } from "../../relayed-sides.ts";
import { recordTimed } from "../sound/mouth-to-ear.ts";

/** A tenth of the received tone: -32 dB of full scale. */
const HEARD = 800;
const BLOCK_SAMPLES = 480;
/** Before a call is measured it finds its level. */
const SETTLE_MS = 5_000;
const BLACKOUT_MS = 10_000;
/** A call that ends during its blackout has failed. */
const BACK_LIMIT_MS = 20_000;

export type SetFigure = (name: FigureName, value: number, note?: string) => void;

export interface NetworkLengths {
  /** Calls for each profile. */
  readonly netCalls: number;
  /** Of the one call that is measured for each profile. */
  readonly netMs: number;
  readonly blackouts: number;
}

/** The seeds are printed with the figures; a run repeats from them. */
const NETWORK_SEED = 2026;

export async function measureProfile(
  name: ProfileName,
  size: FrameSize,
  { netCalls, netMs }: NetworkLengths,
  set: SetFigure,
): Promise<void> {
  await withRelayedSides(await UdpRelay.start({ seed: NETWORK_SEED }), size, async (sides) => {
    const endProfile = applyProfile(sides.relay, PROFILES[name], NETWORK_SEED);
    try {
      const timesMs = await connectAll(sides, netCalls);
      set(
        `net.${name}.connected`,
        (100 * timesMs.length) / netCalls,
        `of ${netCalls}; seed ${NETWORK_SEED}; accept to connected p95 ${quantile(timesMs, 0.95).toFixed(0)} ms`,
      );
      const call = await measureCall(sides, netMs);
      set(`net.${name}.soundLost`, call.silentPercent, `longest silence ${call.gapMs.toFixed(0)} ms`);
      set(
        `net.${name}.frozen`,
        call.frozenMs,
        `${call.fps.toFixed(1)} pictures a second; ${call.steps.join(", ")}`,
      );
    } finally {
      endProfile();
    }
  });
}

/** Both directions of a running call lose everything for ten seconds. */
export async function measureBlackouts(
  size: FrameSize,
  { blackouts }: NetworkLengths,
  set: SetFigure,
): Promise<void> {
  await withRelayedSides(
    await UdpRelay.start({ seed: NETWORK_SEED }),
    size,
    async ({ relay, alice, bob }) => {
      const shape = (both: typeof FREE_LINK) => {
        for (const side of ["a", "b"] as const) relay.setShape(side, both);
      };
      const random = seededRandom(NETWORK_SEED);
      const pictureMs: number[] = [];
      const soundMs: number[] = [];
      const { callId } = await makeCall(bob.host, alice.host, "video", "video");
      const watch = await watchFrames(alice, callId);
      for (let turn = 0; turn < blackouts; turn += 1) {
        shape({ ...FREE_LINK, delayMs: 20 });
        await delay(SETTLE_MS + random.below(1_000));
        shape(BLACKOUT);
        await delay(BLACKOUT_MS);
        shape({ ...FREE_LINK, delayMs: 20 });
        const overMs = performance.now();
        const sound = recordTimed(alice.pulse, "speaker", BACK_LIMIT_MS / 2);
        pictureMs.push((await watch.next(BACK_LIMIT_MS)) - overMs);
        soundMs.push(firstHeardMs(await sound, overMs));
      }
      watch.stop();
      await endCall(callId, alice.host, bob.host);
      const list = (times: readonly number[]) => times.map((ms) => ms.toFixed(0)).join(" ");
      set("net.blackout.picture", quantile(pictureMs, 0.95), `p95 of ${blackouts}: ${list(pictureMs)}`);
      set("net.blackout.sound", quantile(soundMs, 0.95), `p95 of ${blackouts}: ${list(soundMs)}`);
    },
  );
}

/** @returns the times from accept to connected of those calls that connected */
async function connectAll({ alice, bob }: RelayedSides, calls: number): Promise<number[]> {
  const timesMs: number[] = [];
  for (let call = 0; call < calls; call += 1) {
    const made = await makeCall(bob.host, alice.host, "video", "video").catch(() => null);
    if (made === null) {
      await endAll([alice, bob]);
      continue;
    }
    timesMs.push(made.connectedAt - made.acceptedAt);
    await endCall(made.callId, alice.host, bob.host);
  }
  return timesMs;
}

/** After a call that did not connect. */
async function endAll(sides: readonly BenchSide[]): Promise<void> {
  for (const { host } of sides) {
    const { calls } = await host.plugin.request("call.list", {});
    for (const { callId } of calls)
      await host.plugin.request("call.hangup", { callId }).catch(() => undefined);
  }
}

async function measureCall({ alice, bob }: RelayedSides, windowMs: number) {
  const steps: string[] = [];
  const off = bob.host.plugin.onNotification("call.changed", ({ sending }) => {
    const step = sending.strain ? `${sending.step} (${sending.strain})` : sending.step;
    if (step !== steps.at(-1)) steps.push(step);
  });
  const { callId } = await makeCall(bob.host, alice.host, "video", "audio");
  await delay(SETTLE_MS);
  const watch = await watchFrames(alice, callId);
  const { samples } = await recordTimed(alice.pulse, "speaker", windowMs);
  const { count, frozenMs } = watch.stop();
  await endCall(callId, alice.host, bob.host);
  off();
  return {
    silentPercent: silentPercentOf(samples),
    gapMs: longestGapMs(samples, HEARD),
    frozenMs,
    fps: (1_000 * count) / windowMs,
    steps,
  };
}

/** Takes the remote pictures as a page would, each at once. */
async function watchFrames({ host }: BenchSide, callId: string) {
  const { plugin } = host;
  let count = 0;
  let frozenMs = 0;
  let lastMs = performance.now();
  let stream = "";
  let onNext: (atMs: number) => void = () => undefined;
  const off = plugin.onFrameLine((line) => {
    const route = frameLineRoute(line);
    if (!route) return;
    plugin.notify("frames.ack", route);
    if (route.stream !== stream) return;
    const nowMs = performance.now();
    count += 1;
    frozenMs = Math.max(frozenMs, nowMs - lastMs);
    lastMs = nowMs;
    onNext(nowMs);
  });
  ({ stream } = await plugin.request("frames.subscribe", { callId, source: "remote", maxWidth: 1280 }));
  return {
    /** When the next picture arrives, monotonic ms; NaN when none does within `limitMs`. */
    async next(limitMs: number): Promise<number> {
      const { promise, resolve } = Promise.withResolvers<number>();
      onNext = resolve;
      const late = setTimeout(() => resolve(Number.NaN), limitMs);
      return await promise.finally(() => clearTimeout(late));
    },
    stop() {
      off();
      return { count, frozenMs: Math.max(frozenMs, performance.now() - lastMs) };
    },
  };
}

function silentPercentOf(samples: Int16Array): number {
  let silent = 0;
  let blocks = 0;
  for (let from = 0; from + BLOCK_SAMPLES <= samples.length; from += BLOCK_SAMPLES) {
    blocks += 1;
    if (samples.subarray(from, from + BLOCK_SAMPLES).every((sample) => Math.abs(sample) < HEARD)) silent += 1;
  }
  return (100 * silent) / blocks;
}

/** From `sinceMs` to the first sound in the recording. */
function firstHeardMs(
  { samples, arrivals }: Awaited<ReturnType<typeof recordTimed>>,
  sinceMs: number,
): number {
  const heard = samples.findIndex((sample) => Math.abs(sample) >= HEARD);
  const arrival = arrivals.find((one) => one.samples > heard);
  return heard < 0 || !arrival ? Number.NaN : arrival.atMs - sinceMs;
}
