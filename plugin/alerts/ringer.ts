// Plays the sounds around calls, on a speaker that is open only meanwhile. It never waits for calls, and calls never wait for it.

import type { RingSound } from "../../statecharts/index.ts";
import { type Clock, systemClock } from "../common/clock.ts";
import { errorText } from "../common/error-text.ts";
import type { Log } from "../log.ts";
import {
  AUTO_ID,
  BLOCK_SAMPLES,
  NONE_ID,
  SAMPLE_RATE,
  type Sound,
  type SoundError,
  type Speaker,
} from "../sound/sound.ts";
import { paceBlocks } from "../sound/tone.ts";
import { createTonePlayer, fadeOut } from "./tones.ts";

/**
 * 40 ms of silence follow a sound before its speaker closes: what the sound process and the server still hold would otherwise end
 * with a click.
 */
const TAIL_BLOCKS = 4;

export interface RingerOptions {
  readonly sound: Pick<Sound, "openRinger">;
  readonly log: Log;
  readonly clock?: Clock;
}

/** What to play, and where. */
export interface Playing {
  readonly sound: RingSound;
  /** `auto`, `none`, or the id of a speaker. */
  readonly speaker: string;
}

export class Ringer {
  readonly #options: RingerOptions;
  #playing: Playing | null = null;
  #stream: RingerStream | null = null;
  /** Streams that fade out or close. */
  readonly #ending = new Set<Promise<void>>();

  constructor(options: RingerOptions) {
    this.#options = options;
  }

  /**
   * Replaces what is played. A sound that plays already goes on, and one that has ended does not begin again.
   * @param playing null for silence
   */
  play(playing: Playing | null): void {
    const last = this.#playing;
    if (playing?.sound === last?.sound && playing?.speaker === last?.speaker) return;
    this.#playing = playing;
    if (playing !== null && playing.speaker === last?.speaker && this.#stream?.change(playing.sound)) return;
    if (this.#stream !== null) this.#end(this.#stream);
    this.#stream = null;
    if (playing === null || playing.speaker === NONE_ID) return;
    this.#stream = new RingerStream(this.#options, playing, Promise.all(this.#ending));
  }

  /** Resolves when every speaker is closed. Idempotent. */
  async close(): Promise<void> {
    this.play(null);
    await Promise.all(this.#ending);
  }

  #end(stream: RingerStream): void {
    const ended = stream.stop().finally(() => this.#ending.delete(ended));
    this.#ending.add(ended);
  }
}

/** The sounds on one speaker, from its opening to its end. */
class RingerStream {
  readonly #options: RingerOptions;
  readonly #opened: Promise<Speaker | null>;
  readonly #silent = Promise.withResolvers<void>();
  #nextBlock: () => Int16Array | null;
  /** The sound that follows the present one; null if none does. */
  #following: (() => Int16Array | null) | null = null;
  #stopPacing: () => void = nothing;
  #tailBlocks = TAIL_BLOCKS;
  #isStopping = false;
  #isFinished = false;

  /** @param before the speaker opens after it */
  constructor(options: RingerOptions, { sound, speaker }: Playing, before: Promise<unknown>) {
    this.#options = options;
    this.#nextBlock = createTonePlayer(sound);
    this.#opened = before.then(() => (this.#isStopping ? null : this.#open(speaker)));
    void this.#opened.then((opened) => this.#begin(opened));
  }

  /** @returns false when the speaker is closing */
  change(sound: RingSound): boolean {
    if (this.#isStopping || this.#isFinished) return false;
    this.#following = createTonePlayer(sound);
    this.#tailBlocks = TAIL_BLOCKS;
    return true;
  }

  /** Fades out and closes the speaker. Resolves when it is closed; never rejects. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#silent.promise;
    await this.#closed();
  }

  async #open(choice: string): Promise<Speaker | null> {
    const { sound, log } = this.#options;
    const onLost = (error: SoundError) => {
      log("warn", `the speaker that rings is lost: ${error.message}`);
      this.#finish();
    };
    try {
      return await sound.openRinger(choice, onLost).catch((error: unknown) => {
        if (this.#isStopping || choice === AUTO_ID) throw error;
        // A call that nobody hears is worse than one that rings elsewhere.
        log("warn", `the speaker ${choice} cannot ring, so the default one does: ${errorText(error)}`);
        return sound.openRinger(AUTO_ID, onLost);
      });
    } catch (error) {
      log(this.#isStopping ? "debug" : "warn", `nothing rings: ${errorText(error)}`);
      return null;
    }
  }

  #begin(speaker: Speaker | null): void {
    if (speaker === null || this.#isStopping || this.#isFinished) {
      this.#finish();
      return;
    }
    this.#play(speaker);
    this.#stopPacing = paceBlocks(() => this.#play(speaker), this.#options.clock ?? systemClock);
  }

  #play(speaker: Speaker): void {
    const block = this.#nextBlock();
    const isLast = this.#isStopping || this.#following !== null;
    if (block !== null) speaker.play(isLast ? fadeOut(block) : block, SAMPLE_RATE);
    if (this.#isStopping) this.#nextBlock = silence;
    else if (this.#following !== null) this.#nextBlock = this.#following;
    this.#following = null;
    if (block !== null) return;
    speaker.play(new Int16Array(BLOCK_SAMPLES), SAMPLE_RATE);
    this.#tailBlocks -= 1;
    if (this.#tailBlocks <= 0) this.#finish();
  }

  /** The sound is over. The speaker closes, also while nobody has asked for it. */
  #finish(): void {
    this.#isFinished = true;
    this.#stopPacing();
    this.#silent.resolve();
    void this.#closed();
  }

  /** Speakers ignore a second close. */
  async #closed(): Promise<void> {
    try {
      await (await this.#opened)?.close();
    } catch (error) {
      this.#options.log("error", `closing the speaker that rings failed: ${errorText(error)}`);
    }
  }
}

function nothing(): void {
  // Nothing is paced before the speaker is open.
}

function silence(): null {
  return null;
}
