// The types of what a process of a sound device needs.

/** One sample rate in Hz, and the least and greatest number of channels that a device has at it. */
export interface AlsaFormat {
  readonly sampleRate: number;
  readonly minChannels: number;
  readonly maxChannels: number;
}

/** Converts one channel of 16 bit between two sample rates. Runs on the calling thread. */
export interface Resampler {
  /** How much later a sound leaves than it entered, in milliseconds. */
  readonly delayMs: number;
  /**
   * Takes the whole input. The number of samples follows from the ratio of the rates and all input so far, so 10 ms of whole
   * samples always make 10 ms.
   * @returns the number of samples written
   * @throws Error when the output is too short
   */
  process(input: Int16Array, output: Int16Array): number;
}
