// Observes what one side of a call receives: the stamps of its frames and the tone in its sound.

import { ageMs, nowTicks, readStamp, type Stamp } from "../../bench/measures/frame-stamp.ts";
import { toneLevel } from "../sound/spectrum.ts";

export interface I420Frame {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

export interface SeenStamp extends Stamp {
  readonly ageMs: number;
  readonly width: number;
}

/** The length of sound that identifies a pitch. */
const SAMPLE_MS = 500;
const LIMIT_MS = 60_000;
/** Blocks that were held back are delivered together. */
const AT_ONCE_MS = 2;

/** The tone must be this many times louder than neighbouring frequencies. */
const MIN_RATIO = 4;
const NEIGHBOUR_HZ = [-160, -60, 60, 160];

/** Whether `hz` is the tone in `samples`. Gaps, which a busy machine causes, do not shift the loudness to other frequencies. */
export function isTone(samples: Int16Array, rate: number, hz: number): boolean {
  const level = toneLevel(samples, rate, hz);
  return (
    level > 0.02 && NEIGHBOUR_HZ.every((step) => level > MIN_RATIO * toneLevel(samples, rate, hz + step))
  );
}

export class Observer {
  /** Number of frames, with or without a stamp. */
  frames = 0;
  stamps: SeenStamp[] = [];
  #blocks: Int16Array[] = [];
  #rate = 0;
  #lastSoundAt: number | null = null;
  #soundGapsMs: number[] = [];
  readonly #waiting = new Set<() => void>();

  addFrame(frame: I420Frame): void {
    this.frames += 1;
    const stamp = readStamp(frame);
    if (stamp) this.stamps.push({ ...stamp, ageMs: ageMs(stamp, nowTicks()), width: frame.width });
    this.#notify();
  }

  /** Drops earlier blocks of another rate, because the engine changes its rate during the first blocks. */
  addSound(block: Int16Array, rate: number): void {
    const now = performance.now();
    const gapMs = now - (this.#lastSoundAt ?? now);
    if (gapMs > AT_ONCE_MS) this.#soundGapsMs.push(gapMs);
    this.#lastSoundAt = now;
    if (rate !== this.#rate) this.#blocks = [];
    this.#rate = rate;
    this.#blocks.push(block);
    if (this.#blocks.length > (2 * SAMPLE_MS) / 10) this.#blocks.shift();
    this.#notify();
  }

  /** Whether the last blocks contain more than silence. */
  get hasSound(): boolean {
    return this.#blocks.some((block) => block.some((sample) => Math.abs(sample) > 300));
  }

  forget(): void {
    this.frames = 0;
    this.stamps = [];
    this.#blocks = [];
  }

  /** @returns the times between deliveries of sound since the last call of this, in milliseconds and sorted */
  takeSoundGapsMs(): number[] {
    return this.#soundGapsMs.splice(0).sort((a, b) => a - b);
  }

  /** Waits for `count` new frames with different stamps. */
  async untilStamps(count: number): Promise<SeenStamp[]> {
    this.stamps = [];
    const distinct = () => new Set(this.stamps.map(({ sequence }) => sequence)).size;
    await this.#until(
      () => distinct() >= count,
      () => `${distinct()} of ${count} stamped frames`,
    );
    return this.stamps;
  }

  /** Waits for the tone in the sound from now on. */
  async untilTone(hz: number): Promise<void> {
    this.#blocks = [];
    let tries = 0;
    await this.#until(
      () => {
        const sound = this.#sound();
        if (!sound) return false;
        tries += 1;
        this.#blocks.splice(0, 10);
        return isTone(sound, this.#rate, hz);
      },
      () => `other sound than ${hz} Hz, checked ${tries} times`,
    );
  }

  #sound(): Int16Array | undefined {
    const length = this.#blocks.reduce((sum, block) => sum + block.length, 0);
    if (this.#rate === 0 || length < (this.#rate * SAMPLE_MS) / 1_000) return undefined;
    const sound = new Int16Array(length);
    let at = 0;
    for (const block of this.#blocks) {
      sound.set(block, at);
      at += block.length;
    }
    return sound;
  }

  #until(isFulfilled: () => boolean, result: () => string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(new Error(`within ${LIMIT_MS} ms only ${result()}`)), LIMIT_MS);
    const check = () => {
      if (isFulfilled()) resolve();
    };
    this.#waiting.add(check);
    check();
    return promise.finally(() => {
      clearTimeout(timer);
      this.#waiting.delete(check);
    });
  }

  #notify(): void {
    for (const check of [...this.#waiting]) check();
  }
}
