// When the sound process hands the voice to the addon, and that it goes on where there is none.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { VoiceProcessor, VoiceSettings } from "../../../native/index.ts";
import { BLOCK_SAMPLES, NO_PROCESSING } from "../../../plugin/sound/sound.ts";
import { VoiceProcessing } from "../../../plugin/sound/voice-processing.ts";

const ALL = { echoCancellation: true, noiseSuppression: true, automaticGain: true };
const FIGURES = { echoDelayMs: 0, echoReductionDb: 0, missingBlocks: 0, droppedBlocks: 0 };

/** Adds one to each captured sample, and notes what it is told. */
function createEngine(fault?: Error) {
  const told: string[] = [];
  const processor: VoiceProcessor = {
    configure: ({ noiseSuppression }) => void told.push(`configured ${noiseSuppression}`),
    playing: () => void told.push("playing"),
    captured(block) {
      if (fault) throw fault;
      for (const [at, sample] of block.entries()) block[at] = sample + 1;
    },
    figures: () => FIGURES,
  };
  const createVoiceProcessor = ({ noiseSuppression }: VoiceSettings) => {
    told.push(`created ${noiseSuppression}`);
    return processor;
  };
  return { told, createVoiceProcessor };
}

function createVoice(fault?: Error) {
  const said: string[] = [];
  const engine = createEngine(fault);
  const voice = new VoiceProcessing((message) => said.push(message));
  /** Bytes that start at an odd place, as those of a stream may. */
  const capture = (): number => {
    const bytes = new Uint8Array(2 * BLOCK_SAMPLES + 1).subarray(1);
    voice.captured(bytes);
    return bytes[0] ?? -1;
  };
  return { voice, engine, said, capture };
}

describe("the sound process's voice", () => {
  test("goes on as captured without the addon, and while nothing is asked for", () => {
    const { voice, engine, capture } = createVoice();
    voice.configure(ALL);
    assert.equal(capture(), 0);
    voice.attach(engine);
    voice.configure(NO_PROCESSING);
    assert.equal(capture(), 0);
    assert.deepEqual(engine.told, []);
  });

  test("is processed in place with the settings of the moment", () => {
    const { voice, engine, capture } = createVoice();
    voice.attach(engine);
    voice.configure(ALL);
    assert.equal(capture(), 1);
    voice.configure({ ...ALL, noiseSuppression: false });
    voice.playing(new Int16Array(BLOCK_SAMPLES));
    assert.equal(capture(), 1);
    voice.configure(NO_PROCESSING);
    assert.equal(capture(), 0);
    assert.deepEqual(engine.told, ["created true", "configured false", "playing", "configured false"]);
  });

  test("starts afresh with another device, and what is played matters only once something is captured", () => {
    const { voice, engine, capture } = createVoice();
    voice.attach(engine);
    voice.configure(ALL);
    voice.playing(new Int16Array(BLOCK_SAMPLES));
    capture();
    voice.restart();
    voice.playing(new Int16Array(BLOCK_SAMPLES));
    capture();
    assert.deepEqual(engine.told, ["created true", "created true"]);
  });

  test("goes on as captured after a failure, which is said once", () => {
    const { voice, engine, said, capture } = createVoice(new Error("the library says -6"));
    voice.attach(engine);
    voice.configure(ALL);
    assert.deepEqual([capture(), capture()], [0, 0]);
    assert.deepEqual(said, ["the voice is sent as captured: the library says -6"]);
  });
});
