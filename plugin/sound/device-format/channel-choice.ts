// Makes one channel of several: takes the channel that carries the voice, and mixes none. The mean of two channels halves a voice
// that only one of them carries, and cancels one that they carry with opposite signs, as some laptops' microphones do.

/** 30 dB. A dead input hears its neighbour 40 to 80 dB lower. A microphone array's channel with the sound of the speakers is
 * less than this above a voice. */
const DEAD_RATIO = 32;
/** 6 dB more, before the channel in use is left. */
const LEAVE_RATIO = 2 * DEAD_RATIO;
/** 2 dB a second, in blocks of 10 ms, so that pauses change nothing. */
const DECAY_PER_BLOCK = 10 ** (-2 / 20 / 100);
/** Inputs click when they are switched on. */
const CLICK_BLOCKS = 30;

/** Keeps the levels of one device's channels. */
export class ChannelChoice {
  readonly #channels: number;
  /** The difference of the highest and the lowest sample, which is independent of a constant offset, held for some seconds. */
  readonly #spans: Float64Array;
  #chosen = 0;
  #blocks = 0;

  constructor(channels: number) {
    this.#channels = channels;
    this.#spans = new Float64Array(channels);
  }

  /** The index of the channel in use. */
  get chosen(): number {
    return this.#chosen;
  }

  /**
   * The first channel that is not dead beside the loudest. A change fades over this block.
   * @param interleaved 10 ms of all channels
   * @param mono is filled with one sample for each frame
   */
  take(interleaved: Int16Array, mono: Int16Array): void {
    const before = this.#chosen;
    this.#blocks += 1;
    if (this.#channels > 1 && this.#blocks > CLICK_BLOCKS) {
      this.#measure(interleaved);
      this.#choose();
    }
    const after = this.#chosen;
    for (let frame = 0; frame < mono.length; frame += 1) {
      const at = frame * this.#channels;
      const next = interleaved[at + after] ?? 0;
      const share = (frame + 1) / mono.length;
      mono[frame] = after === before ? next : Math.round(fade(interleaved[at + before] ?? 0, next, share));
    }
  }

  #measure(interleaved: Int16Array): void {
    for (let channel = 0; channel < this.#channels; channel += 1) {
      let low = interleaved[channel] ?? 0;
      let high = low;
      for (let at = channel; at < interleaved.length; at += this.#channels) {
        const sample = interleaved[at] ?? 0;
        if (sample < low) low = sample;
        else if (sample > high) high = sample;
      }
      this.#spans[channel] = Math.max(high - low, (this.#spans[channel] ?? 0) * DECAY_PER_BLOCK);
    }
  }

  #choose(): void {
    const loudest = this.#spans.reduce((most, span) => Math.max(most, span), 0);
    const first = this.#spans.findIndex((span) => span * DEAD_RATIO >= loudest);
    const own = this.#spans[this.#chosen] ?? 0;
    if (first < this.#chosen || own * LEAVE_RATIO < loudest) this.#chosen = first;
  }
}

function fade(from: number, to: number, share: number): number {
  return from * (1 - share) + to * share;
}
