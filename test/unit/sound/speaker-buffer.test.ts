// Which buffer a speaker gets, and how long its sound takes with it.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SpeakerBuffer } from "../../../plugin/sound/server/speaker-buffer.ts";

function chosen(env: NodeJS.ProcessEnv, isBusy: boolean) {
  const buffer = new SpeakerBuffer(env, () => isBusy);
  buffer.choose();
  return {
    requested: buffer.environment.PULSE_LATENCY_MSEC,
    delaysMs: [true, false].map((by) => buffer.delayMs(by)),
  };
}

describe("the buffer before a speaker", () => {
  test("is short while the machine has time, where a sound server has the device", () => {
    assert.deepEqual(chosen({}, false), { requested: "20", delaysMs: [41, 56] });
  });

  test("is PortAudio's own on a busy machine", () => {
    assert.deepEqual(chosen({}, true), { requested: undefined, delaysMs: [56, 56] });
  });

  test("is the user's where one is set for all programs", () => {
    assert.deepEqual(chosen({ PULSE_LATENCY_MSEC: "60" }, false), {
      requested: undefined,
      delaysMs: [91, 56],
    });
    assert.deepEqual(chosen({ PULSE_LATENCY_MSEC: "60" }, true), {
      requested: undefined,
      delaysMs: [91, 56],
    });
    assert.deepEqual(chosen({ PULSE_LATENCY_MSEC: "much" }, false).delaysMs, [56, 56]);
  });

  test("stays as it is while a speaker is open, however busy the machine becomes", () => {
    let isBusy = false;
    const buffer = new SpeakerBuffer({}, () => isBusy);
    buffer.choose();
    isBusy = true;
    assert.equal(buffer.environment.PULSE_LATENCY_MSEC, "20");
    buffer.choose();
    assert.equal(buffer.environment.PULSE_LATENCY_MSEC, undefined);
  });
});
