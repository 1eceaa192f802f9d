// When the sound process passes blocks to the addon, and how it works without the addon.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { VoiceProcessor, VoiceSettings } from "../../../native/index.ts";
import { BLOCK_SAMPLES, NO_PROCESSING } from "../../../plugin/sound/sound.ts";
import { VoiceProcessing } from "../../../plugin/sound/voice-processing.ts";

const ALL = { echoCancellation: true, noiseSuppression: true, automaticGain: true };
const FIGURES = { echoDelayMs: 0, echoReductionDb: 0, missingBlocks: 0, droppedBlocks: 0 };

/** Adds one to each captured sample, and records its calls. */
function createEngine(fault?: Error) {
  const calls: string[] = [];
  const processor: VoiceProcessor = {
    configure: ({ noiseSuppression }) => void calls.push(`configured ${noiseSuppression}`),
    playing: () => void calls.push("playing"),
    captured(block) {
      if (fault) throw fault;
      for (const [at, sample] of block.entries()) block[at] = sample + 1;
    },
    figures: () => FIGURES,
  };
  const createVoiceProcessor = ({ noiseSuppression }: VoiceSettings) => {
    calls.push(`created ${noiseSuppression}`);
    return processor;
  };
  return { calls, createVoiceProcessor };
}

function createVoice(fault?: Error) {
  const warnings: string[] = [];
  const engine = createEngine(fault);
  const voice = new VoiceProcessing((message) => warnings.push(message));
  /** Bytes at an odd offset, as a stream may deliver them. */
  const capture = (): number => {
    const bytes = new Uint8Array(2 * BLOCK_SAMPLES + 1).subarray(1);
    voice.captured(bytes);
    return bytes[0] ?? -1;
  };
  return { voice, engine, warnings, capture };
}

describe("voice processing", () => {
  test("leaves the voice unchanged without the addon and while everything is off", () => {
    const { voice, engine, capture } = createVoice();
    voice.configure(ALL);
    assert.equal(capture(), 0);
    voice.attach(engine);
    voice.configure(NO_PROCESSING);
    assert.equal(capture(), 0);
    assert.deepEqual(engine.calls, []);
  });

  test("processes the voice in place with the current settings", () => {
    const { voice, engine, capture } = createVoice();
    voice.attach(engine);
    voice.configure(ALL);
    assert.equal(capture(), 1);
    voice.configure({ ...ALL, noiseSuppression: false });
    voice.playing(new Int16Array(BLOCK_SAMPLES));
    assert.equal(capture(), 1);
    voice.configure(NO_PROCESSING);
    assert.equal(capture(), 0);
    assert.deepEqual(engine.calls, ["created true", "configured false", "playing", "configured false"]);
  });

  test("restarts with another device, and ignores played blocks before the first captured one", () => {
    const { voice, engine, capture } = createVoice();
    voice.attach(engine);
    voice.configure(ALL);
    voice.playing(new Int16Array(BLOCK_SAMPLES));
    capture();
    voice.restart();
    voice.playing(new Int16Array(BLOCK_SAMPLES));
    capture();
    assert.deepEqual(engine.calls, ["created true", "created true"]);
  });

  test("leaves the voice unchanged after a failure, and warns once", () => {
    const { voice, engine, warnings, capture } = createVoice(new Error("the library returned -6"));
    voice.attach(engine);
    voice.configure(ALL);
    assert.deepEqual([capture(), capture()], [0, 0]);
    assert.deepEqual(warnings, ["the voice is sent as captured: the library returned -6"]);
  });
});
