// A picture of 1280x720 over a link of 300 kb/s, beside voice alone over the same link: what it costs the sound, and how soon it
// finds its size. Every packet passes a relay in this process.

import { setTimeout as delay } from "node:timers/promises";
import type { Host } from "../../../../plugin/host/host.ts";
import { FREE_LINK, type PacketFate } from "../../../support/network/simulated/link-shape.ts";
import { isSound } from "../../../support/network/simulated/rtp-packets.ts";
import { UdpRelay } from "../../../support/network/simulated/udp-relay.ts";
import { longestGapMs } from "../../../support/sound/sound-card-clock.ts";
import { type BenchSide, endCall, type FrameSize, makeCall } from "../../bench-side.ts";
import { type FigureName, quantile } from "../../figures.ts";
import { withRelayedSides } from "../../relayed-sides.ts";
import { recordTimed } from "../sound/mouth-to-ear.ts";

/** A home line's upload, with a second of buffer in its router. */
const LINK = { ...FREE_LINK, rateBps: 300_000, queueMs: 1_000, delayMs: 20 };
/** A tenth of the received tone: -32 dB of full scale. */
const HEARD = 800;
/** The speaker plays from here on. */
const WARM_UP_MS = 2_000;

export const SLOW_FIGURES = [
  "slow.soundGap",
  "slow.soundGapVoice",
  "slow.soundLost",
  "slow.soundLostVoice",
  "slow.longestQueue",
  "slow.levelFound",
] as const satisfies FigureName[];

interface SlowCall {
  /** Longest silence of a tone at the far speaker. */
  readonly gapMs: number;
  /** Of the sound's packets: share that the link dropped in percent, and their waits in its queue. */
  readonly lostPercent: number;
  readonly queuedMs: readonly number[];
  /** From the connection to the last change of the picture's size for the link, and all changes. A busy machine causes others. */
  readonly lastStepMs: number;
  readonly steps: readonly string[];
}

/** @param windowMs of each call, long enough for several steps */
export async function measureSlowLink(
  size: FrameSize,
  windowMs: number,
  set: (name: FigureName, value: number, note?: string) => void,
): Promise<void> {
  let onSound: (fate: PacketFate) => void = () => undefined;
  const relay = await UdpRelay.start({
    shapes: { b: LINK, a: { ...FREE_LINK, delayMs: LINK.delayMs } },
    onPacket(from, packet, fate) {
      if (from === "b" && isSound(packet)) onSound(fate);
    },
  });
  await withRelayedSides(relay, size, async ({ alice, bob }) => {
    const run = (media: "audio" | "video") =>
      measureCall(alice, bob.host, media, windowMs, (listener) => {
        onSound = listener;
      });
    report(await run("audio"), await run("video"), set);
  });
}

async function measureCall(
  alice: BenchSide,
  bob: Host,
  media: "audio" | "video",
  windowMs: number,
  listenToSound: (listener: (fate: PacketFate) => void) => void,
): Promise<SlowCall> {
  const fates: PacketFate[] = [];
  listenToSound((fate) => fates.push(fate));
  const steps: { step: string; size: string; isLink: boolean; atMs: number }[] = [];
  const off = bob.plugin.onNotification("call.changed", ({ sending }) => {
    const step = sending.strain ? `${sending.step} (${sending.strain})` : sending.step;
    const isLink = sending.strain === "link" && sending.step !== steps.at(-1)?.size;
    if (step !== steps.at(-1)?.step)
      steps.push({ step, size: sending.step, isLink, atMs: performance.now() });
  });
  const { callId } = await makeCall(bob, alice.host, media, "audio");
  const connectedMs = performance.now();
  await delay(WARM_UP_MS);
  const { samples } = await recordTimed(alice.pulse, "speaker", windowMs);
  await endCall(callId, alice.host, bob);
  off();
  const lost = fates.filter((fate) => typeof fate === "string").length;
  return {
    gapMs: longestGapMs(samples, HEARD),
    lostPercent: (100 * lost) / fates.length,
    queuedMs: fates.flatMap((fate) => (typeof fate === "string" ? [] : [fate.queuedMs])),
    lastStepMs: Math.max(0, (steps.findLast(({ isLink }) => isLink)?.atMs ?? connectedMs) - connectedMs),
    steps: steps.map(({ step }) => step),
  };
}

function report(
  voice: SlowCall,
  picture: SlowCall,
  set: (name: FigureName, value: number, note?: string) => void,
): void {
  const waits = (call: SlowCall) => `its packets wait p95 ${quantile(call.queuedMs, 0.95).toFixed(0)} ms`;
  set("slow.soundGap", picture.gapMs, waits(picture));
  set("slow.soundGapVoice", voice.gapMs, waits(voice));
  set("slow.soundLost", picture.lostPercent);
  set("slow.soundLostVoice", voice.lostPercent);
  set("slow.longestQueue", Math.max(...picture.queuedMs), "of a packet of sound");
  const last = picture.steps.findLast((step) => step.endsWith("(link)"));
  const isFound = last !== undefined && !last.startsWith("paused");
  set(
    "slow.levelFound",
    isFound ? picture.lastStepMs / 1_000 : Number.NaN,
    `last change of size for the link; ${picture.steps.join(", ")}`,
  );
}
