// When the page says "You are muted".

import assert from "node:assert/strict";
import { test } from "node:test";
import { SpeakingDetector } from "../../../plugin/ui/components/call/speaking-detector.ts";

const VOICE = 0.3;
const ROOM = 0.01;

function after(levels: readonly number[], detector = new SpeakingDetector()): boolean {
  return levels.map((level) => detector.add(level)).at(-1) ?? false;
}

function times(count: number, level: number): number[] {
  return Array.from({ length: count }, () => level);
}

test("a voice counts as speaking, with its pauses between words", () => {
  assert.equal(after([VOICE, ROOM, VOICE, ROOM, ROOM, VOICE]), true);
});

test("a door, a cough and the noise of a room do not", () => {
  assert.equal(after([...times(30, ROOM), 1, 1, ...times(5, ROOM)]), false);
  assert.equal(after(times(100, 0.04)), false);
});

test("knocks far apart are no voice", () => {
  const knock = [1, ...times(6, ROOM)];
  assert.equal(after([...knock, ...knock, ...knock, ...knock]), false);
});

test("a speaker who pauses still speaks, and has stopped after a longer silence", () => {
  const detector = new SpeakingDetector();
  assert.equal(after(times(5, VOICE), detector), true);
  assert.equal(after(times(12, ROOM), detector), true);
  assert.equal(after(times(10, ROOM), detector), false);
});

test("a new mute starts from silence", () => {
  const detector = new SpeakingDetector();
  after(times(5, VOICE), detector);
  detector.reset();
  assert.equal(detector.add(VOICE), false);
});
