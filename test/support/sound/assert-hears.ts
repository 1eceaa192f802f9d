// Asserts that a tone is played to a sound server's sink, for calls between real processes.

import assert from "node:assert/strict";
import { PULSE_RATE, type Pulse } from "./pulse.ts";
import { measureTone } from "./spectrum.ts";

interface Tone {
  readonly hz: number;
  /** Amplitude, 0 to 1 of full scale. */
  readonly level: number;
}

const PITCH_TOLERANCE_HZ = 2;
/** Opus at speech bit rates keeps a steady tone within about a decibel. */
const LEVEL_TOLERANCE = 0.05;
const LISTEN_MS = 1_000;
/** The sound between two processes takes a moment. */
const ATTEMPTS = 15;

/** Records until the tone has its pitch and level. @throws AssertionError with the last measurement */
export async function assertHears(
  t: { diagnostic(text: string): void },
  pulse: Pulse,
  tone: Tone,
): Promise<void> {
  let measured: Tone = { hz: 0, level: 0 };
  const isHeard = (): boolean =>
    Math.abs(measured.hz - tone.hz) < PITCH_TOLERANCE_HZ &&
    Math.abs(measured.level - tone.level) < LEVEL_TOLERANCE;
  for (let attempt = 0; attempt < ATTEMPTS && !isHeard(); attempt += 1) {
    measured = measureTone(await pulse.record(LISTEN_MS), PULSE_RATE, tone.hz);
  }
  const words = `measured ${measured.hz.toFixed(1)} Hz at ${measured.level.toFixed(3)} of full scale`;
  t.diagnostic(words);
  assert.ok(isHeard(), `${words}, expected ${tone.hz} Hz at ${tone.level}`);
}
