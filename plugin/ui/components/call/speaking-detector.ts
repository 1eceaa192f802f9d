// Decides from levels whether somebody speaks. Counts levels instead of reading a clock: they arrive at a steady pace.

/** Peaks above −26 dB of full scale. A keyboard or a fan stays below; a voice at half a metre does not. */
const LOUD = 0.05;
/** A door or a cough is one or two levels. */
const LOUD_LEVELS = 3;
/** Levels come five times a second, so this is two seconds. */
const WINDOW = 10;
/** Pauses between sentences are shorter. */
const QUIET_LEVELS = 20;

export class SpeakingDetector {
  readonly #recent: boolean[] = [];
  #quiet = 0;
  #isSpeaking = false;

  /** @param level a peak from 0 to 1. @returns whether somebody speaks */
  add(level: number): boolean {
    const isLoud = level > LOUD;
    this.#recent.push(isLoud);
    if (this.#recent.length > WINDOW) this.#recent.shift();
    this.#quiet = isLoud ? 0 : this.#quiet + 1;
    if (this.#recent.filter(Boolean).length >= LOUD_LEVELS) this.#isSpeaking = true;
    else if (this.#quiet >= QUIET_LEVELS) this.#isSpeaking = false;
    return this.#isSpeaking;
  }

  reset(): void {
    this.#recent.length = 0;
    this.#quiet = 0;
    this.#isSpeaking = false;
  }
}
