// Goop² hears only together with pictures. Its own stack writes WebM: Opus packets wait for the next VP8 frame, and nothing is
// written before the first one. The <video> of its page plays nothing before the first picture, unless its stream has no video.

import type { I420Frame, Observer } from "./observer.ts";

export type Receiver = Pick<Observer, "addFrame" | "addSound">;

/** What sound waits for. */
export type SoundWait = "nothing" | "firstPicture" | "everyPicture";

/** A minute of blocks. Goop²'s own queue grows for the whole call. */
const MAX_HELD = 6_000;

/** One for each stream, before the observer of the user. */
export class SoundGate implements Receiver {
  readonly #user: Receiver;
  readonly #wait: SoundWait;
  #hasPicture = false;
  #isPictureExpected = false;
  #held: [Int16Array, number][] = [];

  constructor(user: Receiver, wait: SoundWait) {
    this.#user = user;
    this.#wait = wait;
  }

  /** The stream has video. */
  expectPictures(): void {
    this.#isPictureExpected = true;
  }

  addFrame(frame: I420Frame): void {
    this.#hasPicture = true;
    this.#user.addFrame(frame);
    for (const [block, rate] of this.#held.splice(0)) this.#user.addSound(block, rate);
  }

  addSound(block: Int16Array, rate: number): void {
    if (this.#wait === "everyPicture") {
      this.#held.push([block, rate]);
      if (this.#held.length > MAX_HELD) this.#held.shift();
    } else if (this.#wait === "nothing" || this.#hasPicture || !this.#isPictureExpected) {
      this.#user.addSound(block, rate);
    }
  }
}
