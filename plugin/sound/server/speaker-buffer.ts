// How much sound waits between a speaker's process and its card. A short buffer lets a voice be heard sooner, and pictures wait
// less for it. A long one plays on while other programs keep the process waiting.

import { availableParallelism, loadavg } from "node:os";

/** By PortAudio's own choice: it asks a sound server for three blocks of 10 ms, and the server adds one. ALSA gives the same. */
const LONG_MS = 40;
/** For libpulse, in PULSE_LATENCY_MSEC. The server adds a quarter, the step in which it is filled. */
const SHORT_REQUEST_MS = 20;
const SERVER_SHARE = 1.25;
/** From the ring through PortAudio's queue. */
const QUEUE_MS = 16;

/** Whether other programs want more processors than there are, in the mean of the last minute. */
function isMachineBusy(): boolean {
  return (loadavg()[0] ?? 0) > availableParallelism();
}

/** One for all speakers of a plugin. */
export class SpeakerBuffer {
  readonly #ownMs: string | undefined;
  readonly #isBusy: () => boolean;
  #isShort = false;

  /**
   * @param env of the sound processes
   * @param isBusy whether the machine lacks processor time
   */
  constructor(env: NodeJS.ProcessEnv | undefined, isBusy: () => boolean = isMachineBusy) {
    this.#ownMs = env?.PULSE_LATENCY_MSEC;
    this.#isBusy = isBusy;
  }

  /** Decides for a speaker that is about to be opened, and for all processes that then play it in turn. */
  choose(): void {
    this.#isShort = !this.#isBusy();
  }

  /** For the process of a speaker, when a sound server has it. A value that the user has set for all programs is kept. */
  get environment(): NodeJS.ProcessEnv {
    return this.#isShort && !this.#ownMs ? { PULSE_LATENCY_MSEC: String(SHORT_REQUEST_MS) } : {};
  }

  /** @returns milliseconds from a speaker's `play()` until its card has the sound, as measured at the sink of a sound server */
  delayMs(throughServer: boolean): number {
    const requestedMs = Number(this.#ownMs || (this.#isShort ? SHORT_REQUEST_MS : Number.NaN));
    const isRequested = throughServer && requestedMs > 0;
    return QUEUE_MS + (isRequested ? SERVER_SHARE * requestedMs : LONG_MS);
  }
}
