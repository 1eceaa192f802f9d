// What one side of a call sees and hears: the stamps of its pictures and its sound's loudest tone. Knows no engine.

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

/** As much sound as a tone's pitch needs. */
const LISTEN_MS = 500;
const LIMIT_MS = 60_000;

/** How much louder the tone is than what lies beside it. */
const CLEARLY = 4;
const BESIDE_HZ = [-160, -60, 60, 160];

/** Whether `hz` is what sounds: a busy machine tears gaps into a tone, which moves none of its loudness elsewhere. */
export function isTone(samples: Int16Array, rate: number, hz: number): boolean {
  const level = toneLevel(samples, rate, hz);
  return level > 0.02 && BESIDE_HZ.every((step) => level > CLEARLY * toneLevel(samples, rate, hz + step));
}

export class Observer {
  /** Pictures with or without a stamp. */
  frames = 0;
  stamps: SeenStamp[] = [];
  #blocks: Int16Array[] = [];
  #rate = 0;
  readonly #waiting = new Set<() => void>();

  addFrame(picture: I420Frame): void {
    this.frames += 1;
    const stamp = readStamp(picture);
    if (stamp) this.stamps.push({ ...stamp, ageMs: ageMs(stamp, nowTicks()), width: picture.width });
    this.#tell();
  }

  /** The engine changes its rate during the first blocks; what was of another rate is forgotten. */
  addSound(block: Int16Array, rate: number): void {
    if (rate !== this.#rate) this.#blocks = [];
    this.#rate = rate;
    this.#blocks.push(block);
    if (this.#blocks.length > (2 * LISTEN_MS) / 10) this.#blocks.shift();
    this.#tell();
  }

  /** Whether anything but silence came lately. */
  get hasSound(): boolean {
    return this.#blocks.some((block) => block.some((sample) => Math.abs(sample) > 300));
  }

  forget(): void {
    this.frames = 0;
    this.stamps = [];
    this.#blocks = [];
  }

  /** So many more different pictures with a readable stamp. */
  async untilStamps(count: number): Promise<SeenStamp[]> {
    this.stamps = [];
    const different = () => new Set(this.stamps.map(({ sequence }) => sequence)).size;
    await this.#until(
      () => different() >= count,
      () => `${different()} of ${count} stamped pictures`,
    );
    return this.stamps;
  }

  /** The tone, in the sound from now on. */
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
      () => `other sound than ${hz} Hz, listened to ${tries} times`,
    );
  }

  #sound(): Int16Array | undefined {
    const length = this.#blocks.reduce((sum, block) => sum + block.length, 0);
    if (this.#rate === 0 || length < (this.#rate * LISTEN_MS) / 1_000) return undefined;
    const sound = new Int16Array(length);
    let at = 0;
    for (const block of this.#blocks) {
      sound.set(block, at);
      at += block.length;
    }
    return sound;
  }

  #until(holds: () => boolean, had: () => string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(new Error(`within ${LIMIT_MS} ms only ${had()}`)), LIMIT_MS);
    const check = () => {
      if (holds()) resolve();
    };
    this.#waiting.add(check);
    check();
    return promise.finally(() => {
      clearTimeout(timer);
      this.#waiting.delete(check);
    });
  }

  #tell(): void {
    for (const check of [...this.#waiting]) check();
  }
}
