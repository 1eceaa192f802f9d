// The stall detector, the checks on messages, and the log of the sound process's output.

import assert from "node:assert/strict";
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { describe, test } from "node:test";
import { logLines } from "../../../plugin/sound/process/line-log.ts";
import { isCommand, isReport } from "../../../plugin/sound/process/sound-messages.ts";
import { StallDetector } from "../../../plugin/sound/supervision/monitored-child.ts";

const limits = { heartbeatMs: 1_000, captureMs: 2_000, playbackMs: 1_500 };

describe("the stall detector", () => {
  test("reports nothing while heartbeats arrive and blocks advance", () => {
    const detector = new StallDetector(limits, 0);
    for (let nowMs = 200; nowMs < 10_000; nowMs += 200) {
      detector.heartbeat({ captured: nowMs, played: nowMs }, nowMs);
      assert.equal(detector.verdict(nowMs), null);
    }
  });

  test("reports missing heartbeats", () => {
    const detector = new StallDetector(limits, 0);
    detector.heartbeat({ captured: null, played: null }, 500);
    assert.equal(detector.verdict(1_500), null);
    assert.match(detector.verdict(1_501) ?? "", /did not answer/);
  });

  test("gives a process that has not started twice the time", () => {
    const detector = new StallDetector(limits, 0);
    assert.equal(detector.verdict(2_000), null);
    assert.match(detector.verdict(2_001) ?? "", /did not answer/);
  });

  for (const [name, progress, limitMs] of [
    ["microphone", { captured: 7, played: null }, 2_000],
    ["speaker", { captured: null, played: 7 }, 1_500],
  ] as const) {
    test(`reports that the ${name} makes no progress although heartbeats arrive`, () => {
      const detector = new StallDetector(limits, 0);
      for (let nowMs = 0; nowMs <= limitMs; nowMs += 100) {
        detector.heartbeat(progress, nowMs);
        assert.equal(detector.verdict(nowMs), null);
      }
      detector.heartbeat(progress, limitMs + 100);
      assert.match(detector.verdict(limitMs + 100) ?? "", new RegExp(name));
    });
  }

  test("gives a device that has not started twice the time", () => {
    const detector = new StallDetector({ ...limits, heartbeatMs: 60_000 }, 0);
    detector.heartbeat({ captured: 0, played: null }, 0);
    assert.equal(detector.verdict(4_000), null);
    assert.match(detector.verdict(4_001) ?? "", /microphone/);
  });

  test("expects nothing while the sound server has suspended the device, and the full time afterwards", () => {
    const detector = new StallDetector({ ...limits, heartbeatMs: 60_000 }, 0);
    detector.heartbeat({ captured: 7, played: null }, 0);
    detector.setSuspended(true, 100);
    assert.equal(detector.verdict(30_000), null);
    detector.setSuspended(false, 30_000);
    assert.equal(detector.verdict(32_000), null);
    assert.match(detector.verdict(32_001) ?? "", /microphone/);
  });

  test("ignores the time before a device was opened", () => {
    const detector = new StallDetector(limits, 0);
    for (let nowMs = 0; nowMs <= 60_000; nowMs += 500)
      detector.heartbeat({ captured: null, played: null }, nowMs);
    detector.heartbeat({ captured: 0, played: null }, 60_500);
    assert.equal(detector.verdict(60_600), null);
  });
});

describe("the messages between plugin and sound process", () => {
  const pcm = { pcm: "default", maxChannels: 2, defaultSampleRate: 44_100 };
  const device = {
    id: "ALSA:default",
    name: "System default",
    index: 0,
    card: null,
    ...pcm,
    isDefault: true,
  };
  const format = { sampleRate: 44_100, channels: 2 };

  test("are accepted when they match the type", () => {
    const lists = { microphones: [device], speakers: [] };
    assert.ok(isCommand({ kind: "open", request: 1, direction: "speaker", choice: "auto", isServers: true }));
    assert.ok(isCommand({ kind: "restartVoice" }));
    assert.ok(isCommand({ kind: "mute", muted: false }));
    assert.ok(isReport({ kind: "reply", request: 1, reply: { result: "listed", devices: lists } }));
    const opened = { result: "opened", id: "x", name: "X", format, delayMs: 0.9 };
    assert.ok(isReport({ kind: "reply", request: 1, reply: opened }));
    assert.ok(isReport({ kind: "heartbeat", captured: null, played: 3, mutedLevel: 0.5 }));
    assert.ok(isReport({ kind: "heartbeat", captured: 3, played: null, mutedLevel: null }));
  });

  for (const message of [
    null,
    "open",
    {},
    { kind: "open", request: 1, direction: "camera", choice: "auto" },
    { kind: "open", request: 1, direction: "speaker" },
    { kind: "open", request: 1, direction: "speaker", choice: "auto" },
    { kind: "close", direction: "speaker" },
    { kind: "mute", muted: 1 },
  ]) {
    test(`are refused as a command: ${JSON.stringify(message)}`, () =>
      assert.equal(isCommand(message), false));
  }

  for (const message of [
    undefined,
    { kind: "heartbeat", captured: "3", played: null, mutedLevel: null },
    { kind: "heartbeat", captured: 3, played: null },
    { kind: "reply", reply: { result: "closed" } },
    { kind: "reply", request: 1, reply: { result: "opened", id: "x" } },
    { kind: "reply", request: 1, reply: { result: "opened", id: "x", name: "X", delayMs: 0 } },
    { kind: "reply", request: 1, reply: { result: "opened", id: "x", name: "X", delayMs: 0, format: {} } },
    { kind: "reply", request: 1, reply: { result: "unknown", known: [1] } },
    { kind: "reply", request: 1, reply: { result: "listed", devices: { microphones: [{}], speakers: [] } } },
  ]) {
    test(`are refused as a report: ${JSON.stringify(message)}`, () => assert.equal(isReport(message), false));
  }
});

describe("the log of the process's output", () => {
  async function logOf(...chunks: string[]): Promise<string[]> {
    const stream = new PassThrough();
    const lines: string[] = [];
    logLines(stream, (line) => lines.push(line));
    const ended = once(stream, "end");
    for (const chunk of chunks) stream.write(chunk);
    stream.end();
    await ended;
    return lines;
  }

  test("joins pieces to lines and omits empty ones", async () => {
    assert.deepEqual(await logOf("AL", "SA lib\n\nno s", "uch file\nlast"), [
      "ALSA lib",
      "no such file",
      "last",
    ]);
  });

  test("stops after 300 lines and notes the omission", async () => {
    const lines = await logOf("x\n".repeat(100_000));
    assert.equal(lines.length, 301);
    assert.equal(lines.at(-1), "further lines are omitted");
  });

  test("cuts a very long line", async () => {
    const lines = await logOf(...Array(100).fill("y".repeat(1_000)));
    assert.deepEqual(
      lines.map(({ length }) => length),
      [400],
    );
  });
});
