// The stall watch, the checks on messages, and the log of what the sound process prints.

import assert from "node:assert/strict";
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { describe, test } from "node:test";
import { logLines } from "../../../plugin/sound/process/line-log.ts";
import { isReport, isRequest } from "../../../plugin/sound/process/sound-messages.ts";
import { StallDetector } from "../../../plugin/sound/supervision/stall-detector.ts";

const limits = { heartbeatMs: 1_000, captureMs: 2_000, playbackMs: 1_500 };

describe("the stall watch", () => {
  test("is content while heartbeats come and blocks move", () => {
    const watch = new StallDetector(limits, 0);
    for (let nowMs = 200; nowMs < 10_000; nowMs += 200) {
      watch.heartbeat({ captured: nowMs, played: nowMs }, nowMs);
      assert.equal(watch.verdict(nowMs), null);
    }
  });

  test("notices that heartbeats end", () => {
    const watch = new StallDetector(limits, 0);
    watch.heartbeat({ captured: null, played: null }, 500);
    assert.equal(watch.verdict(1_500), null);
    assert.match(watch.verdict(1_501) ?? "", /did not answer/);
  });

  test("gives a process that has not begun twice the time", () => {
    const watch = new StallDetector(limits, 0);
    assert.equal(watch.verdict(2_000), null);
    assert.match(watch.verdict(2_001) ?? "", /did not answer/);
  });

  for (const [name, progress, limitMs] of [
    ["microphone", { captured: 7, played: null }, 2_000],
    ["speaker", { captured: null, played: 7 }, 1_500],
  ] as const) {
    test(`notices that the ${name} stands still although heartbeats come`, () => {
      const watch = new StallDetector(limits, 0);
      for (let nowMs = 0; nowMs <= limitMs; nowMs += 100) {
        watch.heartbeat(progress, nowMs);
        assert.equal(watch.verdict(nowMs), null);
      }
      watch.heartbeat(progress, limitMs + 100);
      assert.match(watch.verdict(limitMs + 100) ?? "", new RegExp(name));
    });
  }

  test("gives a device that has not begun twice the time", () => {
    const watch = new StallDetector({ ...limits, heartbeatMs: 60_000 }, 0);
    watch.heartbeat({ captured: 0, played: null }, 0);
    assert.equal(watch.verdict(4_000), null);
    assert.match(watch.verdict(4_001) ?? "", /microphone/);
  });

  test("does not count the time before a device was opened", () => {
    const watch = new StallDetector(limits, 0);
    for (let nowMs = 0; nowMs <= 60_000; nowMs += 500)
      watch.heartbeat({ captured: null, played: null }, nowMs);
    watch.heartbeat({ captured: 0, played: null }, 60_500);
    assert.equal(watch.verdict(60_600), null);
  });
});

describe("the messages between plugin and sound process", () => {
  const device = { id: "ALSA:default", name: "System default", index: 0, isDefault: true };

  test("pass when they are what the type says", () => {
    const lists = { microphones: [device], speakers: [] };
    assert.ok(isRequest({ kind: "open", request: 1, direction: "speaker", choice: "auto" }));
    assert.ok(isRequest({ kind: "mute", muted: false }));
    assert.ok(isReport({ kind: "reply", request: 1, answer: { result: "listed", devices: lists } }));
    assert.ok(isReport({ kind: "heartbeat", captured: null, played: 3 }));
  });

  for (const message of [
    null,
    "open",
    {},
    { kind: "open", request: 1, direction: "camera", choice: "auto" },
    { kind: "open", request: 1, direction: "speaker" },
    { kind: "close", direction: "speaker" },
    { kind: "mute", muted: 1 },
  ]) {
    test(`are refused as a request: ${JSON.stringify(message)}`, () =>
      assert.equal(isRequest(message), false));
  }

  for (const message of [
    undefined,
    { kind: "heartbeat", captured: "3", played: null },
    { kind: "reply", answer: { result: "closed" } },
    { kind: "reply", request: 1, answer: { result: "opened", id: "x" } },
    { kind: "reply", request: 1, answer: { result: "unknown", known: [1] } },
    { kind: "reply", request: 1, answer: { result: "listed", devices: { microphones: [{}], speakers: [] } } },
  ]) {
    test(`are refused as a report: ${JSON.stringify(message)}`, () => assert.equal(isReport(message), false));
  }
});

describe("the log of printed lines", () => {
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

  test("joins pieces to lines and leaves out empty ones", async () => {
    assert.deepEqual(await logOf("AL", "SA lib\n\nno s", "uch file\nlast"), [
      "ALSA lib",
      "no such file",
      "last",
    ]);
  });

  test("stops after some hundred lines, and says so", async () => {
    const lines = await logOf("x\n".repeat(100_000));
    assert.equal(lines.length, 301);
    assert.equal(lines.at(-1), "further lines are left out");
  });

  test("cuts a line that never ends", async () => {
    const lines = await logOf(...Array(100).fill("y".repeat(1_000)));
    assert.deepEqual(
      lines.map(({ length }) => length),
      [400],
    );
  });
});
