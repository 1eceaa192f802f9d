// Packet loss concealment: while the voice is late, repeats its last pitch period and fades it out. Also cross-fades where
// playback continues at another position.

/** Holds two pitch periods of a deep voice. */
const HISTORY_SAMPLES = 1_440;
/** 400 and 66 Hz, the range of speaking voices. */
const MIN_LAG = 120;
const MAX_LAG = 720;
/** The number of samples compared to find two positions one period apart. */
const TEMPLATE_SAMPLES = 480;
/** A quarter of the samples is enough to find the pitch. */
const STRIDE = 4;
/** Full level for 20 ms, then a fade to silence at 100 ms, because a longer buzz is worse than silence. */
const FULL_SAMPLES = 960;
const SILENT_SAMPLES = 4_800;
/** A cross-fade takes 5 ms. */
const SEAM_SAMPLES = 240;

export class Concealment {
  readonly #history = new Int16Array(HISTORY_SAMPLES);
  #lag = MIN_LAG;
  /** Samples filled in since the voice stopped. */
  #filled = 0;

  /** Records a played block. */
  remember(block: Int16Array): void {
    this.#history.copyWithin(0, block.length);
    this.#history.set(block, HISTORY_SAMPLES - block.length);
  }

  /** Fills a block while the voice is missing. */
  fill(target: Int16Array): void {
    for (let index = 0; index < target.length; index += 1) target[index] = this.#next();
  }

  /** Cross-fades into `block`, where the voice continues. */
  join(block: Int16Array): void {
    for (let index = 0; index < SEAM_SAMPLES; index += 1) {
      const share = (index + 1) / (SEAM_SAMPLES + 1);
      block[index] = Math.round(this.#next() * (1 - share) + (block[index] ?? 0) * share);
    }
    this.#filled = 0;
  }

  forget(): void {
    this.#history.fill(0);
    this.#filled = 0;
  }

  #next(): number {
    if (this.#filled === 0) this.#lag = this.#findLag();
    const sample = this.#history[HISTORY_SAMPLES - this.#lag + (this.#filled % this.#lag)] ?? 0;
    const fading = (SILENT_SAMPLES - this.#filled) / (SILENT_SAMPLES - FULL_SAMPLES);
    this.#filled += 1;
    return Math.round(sample * Math.max(0, Math.min(1, fading)));
  }

  /** Finds the pitch period of the newest sound by normalised cross-correlation. */
  #findLag(): number {
    let best = MIN_LAG;
    let bestLikeness = Number.NEGATIVE_INFINITY;
    for (let lag = MIN_LAG; lag <= MAX_LAG; lag += 1) {
      let product = 0;
      let power = 1;
      for (let back = 1; back <= TEMPLATE_SAMPLES; back += STRIDE) {
        const then = this.#history[HISTORY_SAMPLES - back - lag] ?? 0;
        product += (this.#history[HISTORY_SAMPLES - back] ?? 0) * then;
        power += then * then;
      }
      const likeness = product / Math.sqrt(power);
      if (likeness <= bestLikeness) continue;
      bestLikeness = likeness;
      best = lag;
    }
    return best;
  }
}
