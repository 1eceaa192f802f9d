// Sends signals again that did not reach their peer, as soon as the peer can be reached. Without a lost hang-up, a Goop² whose
// network was down shows the call for up to 150 s, until its own connection fails. Without the last state of microphone and
// camera, the other side shows a wrong one for the rest of the call, because media may go on while signalling is down.

import type { Signal } from "../../rpc-schema/index.ts";
import { BoundedMap } from "../common/bounded-map.ts";
import { monotonicMs } from "../common/clock.ts";
import { errorText } from "../common/error-text.ts";
import type { Log } from "../log.ts";
import { isUndelivered } from "./port.ts";
import { MAX_LOST_SIGNALS, MAX_LOST_SIGNALS_OF_STRANGERS, type Timings } from "./timings.ts";

/** The end of a call, and its state. The sender of any other signal waits for its delivery. */
type LastingSignal = Extract<Signal, { type: "call-hangup" | "call-media" }>;

interface LostSignalsOptions {
  /** Resolves when the peer acknowledged the signal. */
  send(peerId: string, callId: string, signal: Signal, abort?: AbortSignal): Promise<void>;
  /** See Signalling.isKnown. */
  isKnown(peerId: string): boolean;
  readonly timings: Pick<Timings, "lostSignalMs">;
  readonly log: Log;
}

/** The last lasting signal of a call. */
interface LastSignal {
  readonly peerId: string;
  readonly callId: string;
  readonly signal: LastingSignal;
  /** Null while it is being sent. */
  lostAtMs: number | null;
  /** Null before the first repeat. */
  readonly repeatedAtMs: number | null;
}

/** Between repeats that signals of the peer cause, so that a peer that takes none gets little for many. */
const REPEAT_MS = 5_000;

/**
 * Each call has at most one such signal, the newest. Bounded: above the limit, the oldest is given up. Strangers have few
 * places, since each refusal can be such a signal.
 */
export class LostSignals {
  readonly #options: LostSignalsOptions;
  readonly #last = new BoundedMap<string, LastSignal>(MAX_LOST_SIGNALS);

  constructor(options: LostSignalsOptions) {
    this.#options = options;
  }

  /** The number of signals that wait for their peer, or are being sent. */
  get size(): number {
    return this.#last.size;
  }

  /** Sends a signal, and keeps it if it is a lasting one that does not arrive. @throws the errors of `send` */
  async send(peerId: string, callId: string, signal: Signal, abort?: AbortSignal): Promise<void> {
    if (isLasting(signal)) {
      await this.#sendLasting({ peerId, callId, signal, lostAtMs: null, repeatedAtMs: null }, abort);
    } else {
      await this.#options.send(peerId, callId, signal, abort);
    }
    this.onSignal(peerId);
  }

  /** A connection with the peer began. Each lost signal is sent once more. */
  onConnected(peerId: string): void {
    this.#repeat(peerId, () => true);
  }

  /** A signal reached the peer, or one of it arrived. Strangers could send many to cause as many of ours. */
  onSignal(peerId: string): void {
    if (!this.#options.isKnown(peerId)) return;
    const before = monotonicMs() - REPEAT_MS;
    this.#repeat(peerId, ({ repeatedAtMs }) => repeatedAtMs === null || repeatedAtMs <= before);
  }

  #repeat(peerId: string, isDue: (last: LastSignal) => boolean): void {
    for (const last of [...this.#last.values()]) {
      if (last.peerId !== peerId || last.lostAtMs === null || !isDue(last)) continue;
      if (monotonicMs() - last.lostAtMs <= this.#options.timings.lostSignalMs) void this.#sendAgain(last);
      else this.#last.delete(keyOf(last));
    }
  }

  async #sendAgain(last: LastSignal): Promise<void> {
    const { lostAtMs } = last;
    try {
      await this.#sendLasting({ ...last, lostAtMs: null, repeatedAtMs: monotonicMs() }, undefined, lostAtMs);
    } catch (error) {
      const { signal, peerId, callId } = last;
      this.#options.log(
        "debug",
        `${signal.type} of call ${callId} did not reach ${peerId} again: ${errorText(error)}`,
      );
    }
  }

  /** @param lostAtMs when its first attempt failed; null for the first attempt */
  async #sendLasting(last: LastSignal, abort?: AbortSignal, lostAtMs: number | null = null): Promise<void> {
    const key = keyOf(last);
    this.#makeRoomFor(last);
    this.#last.set(key, last);
    // A newer signal of the call has replaced it, whatever became of it.
    const isNewest = () => this.#last.get(key) === last;
    try {
      await this.#options.send(last.peerId, last.callId, last.signal, abort);
      if (isNewest()) this.#last.delete(key);
    } catch (error) {
      if (isNewest() && isUndelivered(error)) last.lostAtMs = lostAtMs ?? monotonicMs();
      else if (isNewest()) this.#last.delete(key);
      throw error;
    }
  }

  #makeRoomFor({ peerId, ...call }: LastSignal): void {
    const { isKnown } = this.#options;
    if (isKnown(peerId) || this.#last.has(keyOf({ peerId, ...call }))) return;
    const ofStrangers = [...this.#last.entries()].filter(([, last]) => !isKnown(last.peerId));
    const [oldest] = ofStrangers.length >= MAX_LOST_SIGNALS_OF_STRANGERS ? ofStrangers : [];
    if (oldest) this.#last.delete(oldest[0]);
  }
}

function isLasting(signal: Signal): signal is LastingSignal {
  return signal.type === "call-hangup" || signal.type === "call-media";
}

function keyOf({ peerId, callId }: Pick<LastSignal, "peerId" | "callId">): string {
  return `${peerId}/${callId}`;
}
