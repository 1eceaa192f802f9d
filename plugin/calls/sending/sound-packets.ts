// Decides in which packets sound is sent. Short ones leave soon, but their headers take more than the sound itself. On a link that
// does not carry them, they wait in its queue or get lost, and long ones fit. On a wide link that loses some, each is repeated.

import { type Clock, systemClock } from "../../common/clock.ts";
import type { SoundPacketKind } from "../../peer/peer.ts";
import { createMedianWindow } from "../median-window.ts";

/** What one second of a call showed. null: unknown, which never counts against short packets. */
export interface LinkSecond {
  readonly roundTripMs: number | null;
  /** Lost share of the sent sound, 0 to 1, as the peer reports it. */
  readonly soundLoss: number | null;
  readonly availableSendBps: number | null;
  /** Sound and picture that were sent, in bits per second. */
  readonly sentBps: number;
  /** The estimate is that of the link, with pictures too. */
  readonly isSearchable: boolean;
  /** Camera frames that were sent. */
  readonly frames: number;
}

export interface SoundPacketsOptions {
  /** The packets that are sent now. */
  kind(): SoundPacketKind;
  /** Rejects when the connection cannot change now; the next second tries again. */
  apply(kind: SoundPacketKind): Promise<void>;
  readonly clock?: Clock;
}

/** Short packets with their headers take 80 kb/s. A link that carries twice as much has room for them. */
const NARROW_BPS = 160_000;
/** An estimate below this is a link that does not carry short packets. */
const TOO_NARROW_BPS = 80_000;
/** The estimate above which short packets are worth a try. */
const ROOM_BPS = 120_000;
/** A queue: answers take that much longer than the fastest ones did. */
const QUEUED_MS = 300;
const EMPTY_MS = 100;
/** So many packets get lost only where a queue overflows, or where fewer packets help anyway. */
const STRAINED_LOSS = 0.15;
const EASED_LOSS = 0.02;
/** Repeated packets take 40 kb/s more, which on a link of 300 kb/s the picture would lack. */
const WIDE_BPS = 600_000;
/** Audible as a rough voice. Reports cover hundreds of packets, so one lost packet is nothing. */
const LOSSY = 0.02;
const LOSSLESS = 0.01;
/** One second of strain is normal. */
const STRAIN_SECONDS = 2;
const EASE_SECONDS = 30;
const FIRST_EASE_SECONDS = 2;
/** A return that did not last as long as this doubles the wait for the next, up to eight times. */
const RELAPSE_MS = 20_000;
const MAX_RELAPSES = 3;
/** WebRTC measures the round trip about every second; one slow answer is no queue. */
const ROUND_TRIPS = 3;

/** `roomy`: there is room for short packets, but some get lost. */
type Load = "strained" | "fits" | "roomy" | "eased";
/** Whether packets get lost at random, and repeating them is worth it. */
type Repetition = "useful" | "either" | "useless";

/** For one connection: another one begins with short packets. */
export class SoundPackets {
  readonly #options: SoundPacketsOptions;
  readonly #clock: Clock;
  readonly #roundTripMs = createMedianWindow(ROUND_TRIPS);
  #leastMs = Number.POSITIVE_INFINITY;
  /** Nothing was changed yet. Packets that are long by now wait for the first measurement only. */
  #isFirst = true;
  #strained = 0;
  #eased = 0;
  #lossy = 0;
  #lossless = 0;
  #relapses = 0;
  #returnedMs: number | null = null;
  #isApplying = false;

  constructor(options: SoundPacketsOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Call it once a second while the connection stands. Never rejects. */
  async update(second: LinkSecond): Promise<void> {
    const load = this.#assess(second);
    this.#strained = load === "strained" ? this.#strained + 1 : 0;
    if (load === "strained") this.#isFirst = false;
    // Packets that get lost on a wide link are no reason to wait: repeated ones follow.
    const isEased = load === "eased" || (this.#isFirst && load === "roomy");
    this.#eased = isEased ? this.#eased + 1 : 0;
    const repetition = repetitionIn(second, load);
    this.#lossy = repetition === "useful" ? this.#lossy + 1 : 0;
    this.#lossless = repetition === "useless" ? this.#lossless + 1 : 0;
    const kind = this.#options.kind();
    const wanted = this.#wanted(kind);
    if (wanted === kind || this.#isApplying) return;
    this.#isApplying = true;
    try {
      await this.#options.apply(wanted);
      this.#changed(kind, wanted);
    } catch {
      // A negotiation is under way, or the connection ends. The counts stand, so the next second tries again.
    } finally {
      this.#isApplying = false;
    }
  }

  #assess({ roundTripMs, soundLoss, availableSendBps, sentBps, frames, isSearchable }: LinkSecond): Load {
    const queuedMs = this.#queuedMs(roundTripMs);
    const loss = soundLoss ?? 0;
    // The receiver's estimate falls with the pictures that are sent, also on a wide link.
    const linkBps = frames === 0 || isSearchable ? availableSendBps : null;
    const isTooNarrow = linkBps !== null && linkBps < TOO_NARROW_BPS;
    if (isTooNarrow || queuedMs >= QUEUED_MS || loss >= STRAINED_LOSS) {
      // Pictures give way first: their own adaptation reduces what is sent.
      return sentBps < NARROW_BPS ? "strained" : "fits";
    }
    if ((linkBps !== null && linkBps < ROOM_BPS) || queuedMs >= EMPTY_MS) return "fits";
    return loss < EASED_LOSS ? "eased" : "roomy";
  }

  /** How much longer answers take than the fastest ones did; 0 while no answer has come. */
  #queuedMs(roundTripMs: number | null): number {
    if (roundTripMs !== null) this.#roundTripMs.add(roundTripMs);
    const usualMs = this.#roundTripMs.median();
    if (usualMs === null) return 0;
    this.#leastMs = Math.min(this.#leastMs, usualMs);
    return usualMs - this.#leastMs;
  }

  #wanted(kind: SoundPacketKind): SoundPacketKind {
    if (kind === "long") return this.#eased >= this.#easeSeconds ? "short" : "long";
    if (this.#strained >= STRAIN_SECONDS) return "long";
    if (kind === "repeated") return this.#lossless >= EASE_SECONDS ? "short" : "repeated";
    return this.#lossy >= STRAIN_SECONDS ? "repeated" : "short";
  }

  get #easeSeconds(): number {
    return this.#isFirst ? FIRST_EASE_SECONDS : EASE_SECONDS * 2 ** this.#relapses;
  }

  #changed(former: SoundPacketKind, kind: SoundPacketKind): void {
    this.#isFirst = false;
    this.#strained = 0;
    this.#eased = 0;
    this.#lossy = 0;
    this.#lossless = 0;
    const nowMs = this.#clock.nowMs();
    if (former === "long") this.#returnedMs = nowMs;
    if (kind !== "long") return;
    const isRelapse = this.#returnedMs !== null && nowMs - this.#returnedMs < RELAPSE_MS;
    this.#relapses = isRelapse ? Math.min(MAX_RELAPSES, this.#relapses + 1) : 0;
  }
}

function repetitionIn({ soundLoss, availableSendBps }: LinkSecond, load: Load): Repetition {
  const loss = soundLoss ?? 0;
  if (loss <= LOSSLESS) return "useless";
  const isWide = availableSendBps === null || availableSendBps >= WIDE_BPS;
  return loss >= LOSSY && isWide && load !== "strained" ? "useful" : "either";
}
