// The ring at a sink of PulseAudio: from `call.incoming` at the host to its first sound, and from `call.accept` to its last one.
// `node test/bench/measures/sound/ringing.ts`

import { setTimeout as delay } from "node:timers/promises";
import { startPair } from "../../../support/plugin/plugin-process.ts";
import { PULSE_RATE, startPulse } from "../../../support/sound/pulse.ts";
import { recordTimed, type TimedSound } from "./mouth-to-ear.ts";

/** `auto` would not ring where the call's speaker is `none`. */
const SPEAKER = "pulse:speaker";
const ROUNDS = 5;
/** Within a note: the first pause of the ring begins after 0.9 s. */
const RING_MS = 700;
const RECORD_MS = 2_500;
/** The recorder runs before the ring begins. */
const LEAD_MS = 400;
/** -50 dB of full scale. The ring has -12. */
const HEARD = 100;

export interface RingTimes {
  readonly startMs: readonly number[];
  readonly stopMs: readonly number[];
}

export async function measureRinging(): Promise<RingTimes> {
  const pulse = await startPulse({ prompt: true });
  try {
    // Bob's speaker is `none` in the call itself, so that nothing but the ring is heard.
    const pair = await startPair(
      {},
      { settings: { ringtone: "on", ringer: SPEAKER, microphone: "none" }, env: pulse.env },
    );
    const times: { startMs: number; stopMs: number }[] = [];
    try {
      for (let round = 0; round < ROUNDS; round += 1) {
        const recording = recordTimed(pulse, "speaker", RECORD_MS);
        await delay(LEAD_MS);
        pair.bob.clearNotifications();
        const { callId } = await pair.alice.host.request("call.start", {
          peerId: pair.bob.peerId,
          media: "audio",
        });
        await pair.bob.next("call.incoming", (call) => call.callId === callId);
        const ringsAtMs = performance.now();
        await delay(RING_MS);
        const acceptedAtMs = performance.now();
        await pair.bob.host.request("call.accept", { callId });
        const sound = await recording;
        times.push({
          startMs: timeOf(sound, firstLoud(sound)) - ringsAtMs,
          stopMs: timeOf(sound, lastLoud(sound)) - acceptedAtMs,
        });
        await pair.alice.host.request("call.hangup", { callId });
        await pair.bob.next("call.ended", (call) => call.callId === callId);
      }
    } finally {
      await pair.stop();
    }
    return { startMs: times.map(({ startMs }) => startMs), stopMs: times.map(({ stopMs }) => stopMs) };
  } finally {
    await pulse.stop();
  }
}

const isLoud = (sample: number) => Math.abs(sample) > HEARD;
const firstLoud = ({ samples }: TimedSound) => samples.findIndex(isLoud);
const lastLoud = ({ samples }: TimedSound) => samples.findLastIndex(isLoud);

/** When the recorder got this sample: at the time of its chunk, less the later samples of the chunk. NaN without a ring. */
function timeOf({ arrivals }: TimedSound, sample: number): number {
  if (sample < 0) return Number.NaN;
  const arrival = arrivals.find(({ samples }) => samples > sample);
  return arrival === undefined
    ? Number.NaN
    : arrival.atMs - ((arrival.samples - sample) / PULSE_RATE) * 1_000;
}

if (import.meta.main) {
  const { startMs, stopMs } = await measureRinging();
  const list = (times: readonly number[]) => times.map((time) => time.toFixed(0)).join(", ");
  console.log(`from the ring's start to sound: ${list(startMs)} ms`);
  console.log(`from the answer to silence: ${list(stopMs)} ms`);
}
