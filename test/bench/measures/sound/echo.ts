// The remaining echo, noise and level differences in the simulated room of test/support/sound/voice-scenes.ts, and the time for
// one block. All but the last are the same in every run.

import { loadNative } from "../../../../native/index.ts";
import { BLOCK_SAMPLES } from "../../../../plugin/sound/sound.ts";
import { fanNoise } from "../../../support/sound/speech.ts";
import {
  ALL_ON,
  DELAYS_MS,
  FAR_SOUNDS,
  measureEcho,
  measureGain,
  measureNoise,
  measureTrouble,
} from "../../../support/sound/voice-scenes.ts";
import type { FigureName } from "../../figures.ts";

export const VOICE_FIGURES = [
  "echoOfSpeech",
  "echoOfMusic",
  "nearVoiceInEcho",
  "nearVoiceSwallowed",
  "echoInFirstSecond",
  "echoAfterJump",
  "echoWithDrift",
  "echoWithDistortion",
  "noiseInPauses",
  "voiceInNoise",
  "quietVoice",
  "loudVoice",
  "voiceBlock",
] as const satisfies readonly FigureName[];

type Set = (name: (typeof VOICE_FIGURES)[number], value: number, note: string) => void;

const TIMED_BLOCKS = 1_000;

export function measureVoice(set: Set): void {
  const scenes = FAR_SOUNDS.map((sound) => DELAYS_MS.map((delayMs) => measureEcho(sound, delayMs)));
  const [ofSpeech, ofMusic] = scenes.map((some) => some.map(({ enhancementDb }) => enhancementDb));
  const delays = `the least of those after ${DELAYS_MS.join(", ")} ms`;
  set("echoOfSpeech", Math.min(...(ofSpeech ?? [])), `${delays}: ${listDb(ofSpeech ?? [])}`);
  set("echoOfMusic", Math.min(...(ofMusic ?? [])), `${delays}: ${listDb(ofMusic ?? [])}`);
  const near = scenes.flat().map(({ nearGainDb }) => nearGainDb);
  set("nearVoiceInEcho", Math.min(...near), `speech, then music: ${listDb(near)}`);
  const swallowed = scenes.flat().map(({ nearSwallowed }) => 100 * nearSwallowed);
  set("nearVoiceSwallowed", Math.max(...swallowed), `the most of: ${listDb(swallowed)}`);
  const { "webrtc-audio-processing": library } = loadNative().libraryVersions();
  set("echoInFirstSecond", measureTrouble("first second"), `webrtc-audio-processing ${library}`);
  set("echoAfterJump", measureTrouble("delay jump"), "from 120 to 160 ms, 2 s later");
  set("echoWithDrift", measureTrouble("clock drift"), "200 ppm");
  set("echoWithDistortion", measureTrouble("distortion"), "a speaker driven too hard");
  const { reductionDb, speechGainDb } = measureNoise();
  set("noiseInPauses", reductionDb, "fan at 15 dB below the voice");
  set("voiceInNoise", Math.abs(speechGainDb), "change of the voice in it");
  set("quietVoice", measureGain(-40), "a voice of -40 dB of full scale");
  set("loudVoice", measureGain(-10), "one of -10 dB");
  set("voiceBlock", timeBlock(), "processor time; echo, noise and level together, 10 ms of sound");
}

/** Mean processor time in milliseconds, which other load changes little. */
function timeBlock(): number {
  const processor = loadNative().createVoiceProcessor(ALL_ON);
  const played = Int16Array.from(fanNoise(1, -20, 1), (sample) => sample * 32_767).subarray(0, BLOCK_SAMPLES);
  const captured = played.slice();
  const start = process.cpuUsage();
  for (let block = 0; block < TIMED_BLOCKS; block += 1) {
    processor.playing(played);
    processor.captured(captured);
  }
  const { user, system } = process.cpuUsage(start);
  return (user + system) / TIMED_BLOCKS / 1_000;
}

function listDb(values: readonly number[]): string {
  return values.map((value) => value.toFixed(1)).join(" ");
}
