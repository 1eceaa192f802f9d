// The interruption at the remote side when a device changes in a call. It is the longest pause between remote frames while the
// camera reopens with another size, and the longest silence while the microphone changes to the tone and back. `node test/bench/measures/switch-gap.ts`

import { setTimeout as delay } from "node:timers/promises";
import { frameLineRoute } from "../../../plugin/rpc/host-link.ts";
import { connectCall, type PluginProcess, startPair } from "../../support/plugin/plugin-process.ts";
import { type Pulse, startPulse } from "../../support/sound/pulse.ts";
import { longestGapMs } from "../../support/sound/sound-card-clock.ts";
import { recordTimed } from "./sound/mouth-to-ear.ts";

const TONE_HZ = 440;
const RATE = 48_000;
const PEAK = 8_000;
/** A tenth of the received tone: -32 dB of full scale. */
const HEARD = 800;
const WARM_UP_MS = 3_000;
/** Time from one switch to the next, longer than any gap of a working switch. */
const SETTLE_MS = 2_500;
const PLAIN_VOICE = { echoCancellation: false, noiseSuppression: false, automaticGain: false };
const SMALL = { width: 320, height: 240, fps: 30 };
const LARGE = { width: 640, height: 480, fps: 30 };

export interface SwitchGaps {
  /** Longest pause between two remote frames, for each change of the camera, ms. */
  readonly cameraMs: readonly number[];
  /** Longest silence, for each change of the microphone, ms. */
  readonly microphoneMs: readonly number[];
}

export async function measureSwitchGaps(): Promise<SwitchGaps> {
  const [ear, mouth] = [await startPulse({ prompt: true }), await startPulse({ prompt: true })];
  const tone = Int16Array.from({ length: RATE }, (_, at) =>
    Math.round(PEAK * Math.sin((2 * Math.PI * TONE_HZ * at) / RATE)),
  );
  const quiet = mouth.play(tone);
  try {
    const settings = { ...PLAIN_VOICE, microphone: "auto", toneHz: TONE_HZ, picture: LARGE };
    const { alice, bob, stop } = await startPair(
      { settings: { ...settings, microphone: "none", speaker: "auto" }, env: ear.env },
      { settings, env: mouth.env },
    );
    try {
      const callId = await connectCall(bob, alice);
      const pictures = await trackFrameGaps(alice, callId);
      await delay(WARM_UP_MS);
      const microphoneMs = await changeMicrophone(bob, callId, ear);
      return { microphoneMs, cameraMs: await changeCamera(bob, pictures) };
    } finally {
      await stop();
    }
  } finally {
    await quiet();
    await Promise.all([ear.stop(), mouth.stop()]);
  }
}

async function changeMicrophone(bob: PluginProcess, callId: string, ear: Pulse): Promise<number[]> {
  const gaps: number[] = [];
  for (const deviceId of ["tone", "auto", "tone", "auto"]) {
    const recording = recordTimed(ear, "speaker", SETTLE_MS);
    await delay(SETTLE_MS / 4);
    await bob.host.request("call.useDevice", { callId, kind: "microphone", deviceId });
    gaps.push(longestGapMs((await recording).samples, HEARD));
  }
  return gaps;
}

async function changeCamera(bob: PluginProcess, pictures: { longestMs(): number }): Promise<number[]> {
  const gaps: number[] = [];
  for (const picture of [SMALL, LARGE, SMALL, LARGE]) {
    pictures.longestMs();
    await bob.host.request("settings.update", { settings: { picture } });
    await delay(SETTLE_MS);
    gaps.push(pictures.longestMs());
  }
  return gaps;
}

/** @returns the longest pause since the last call */
async function trackFrameGaps({ host }: PluginProcess, callId: string): Promise<{ longestMs(): number }> {
  let lastMs = performance.now();
  let longest = 0;
  host.onFrameLine((line) => {
    const route = frameLineRoute(line);
    if (!route) return;
    longest = Math.max(longest, performance.now() - lastMs);
    lastMs = performance.now();
    host.notify("frames.ack", route);
  });
  await host.request("frames.subscribe", { callId, source: "remote" });
  return {
    longestMs() {
      const found = longest;
      longest = 0;
      return found;
    },
  };
}

if (import.meta.main) {
  const { cameraMs, microphoneMs } = await measureSwitchGaps();
  const list = (values: readonly number[]) => values.map((value) => value.toFixed(0)).join(" ");
  console.log(`camera reopened: ${list(cameraMs)} ms without a frame`);
  console.log(`microphone changed: ${list(microphoneMs)} ms of silence`);
  process.exit(0);
}
