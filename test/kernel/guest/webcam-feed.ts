// Feeds v4l2loopback like a webcam that sends JPEG of some kind: clean, with zeros before every restart marker, or damaged.

import { makeBases } from "../../support/pictures/jpeg-bases.ts";
import { beforeRestarts } from "../../support/pictures/jpeg-edits.ts";
import { LoopbackFeed } from "./loopback-feed.ts";
import { LOOPBACK_PATH } from "./loopback-writer.ts";

const SIZE = { width: 320, height: 192 };
/** What the emulated machine carries through a call. */
const FRAME_MS = 250;

export type WebcamKind = "clean" | "stuffed" | "damaged";

export class WebcamFeed {
  readonly #feed: LoopbackFeed;
  readonly #frames: Readonly<Record<WebcamKind, Uint8Array>>;
  #timer: NodeJS.Timeout | undefined;
  #kinds: readonly WebcamKind[] = ["clean"];
  #count = 0;

  constructor() {
    const { restarts: clean } = makeBases(SIZE);
    this.#frames = {
      clean,
      stuffed: beforeRestarts(clean, [0, 0]),
      damaged: clean.subarray(0, clean.length >> 2),
    };
    this.#feed = new LoopbackFeed(LOOPBACK_PATH, { ...SIZE, fourcc: "MJPG" }, clean);
  }

  /** From now on, in turn. Until the first call only one frame is written, since writing takes processor time. */
  send(...kinds: WebcamKind[]): void {
    this.#kinds = kinds;
    this.#timer ??= setInterval(() => {
      const kind = this.#kinds[this.#count++ % this.#kinds.length];
      if (kind !== undefined) this.#feed.write(this.#frames[kind]);
    }, FRAME_MS);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#feed.close();
  }
}
