// Sends hang-ups again that did not reach their peer, as soon as the peer is connected again. Without them a Goop² whose network
// was down shows the call for up to 150 s, until its own connection fails.

import type { Signal } from "../../rpc-schema/index.ts";
import { BoundedMap } from "../common/bounded-map.ts";
import { monotonicMs } from "../common/clock.ts";
import { errorText } from "../common/error-text.ts";
import type { Log } from "../log.ts";
import { isUndelivered } from "./port.ts";
import { MAX_LOST_HANGUPS, MAX_LOST_HANGUPS_OF_STRANGERS, type Timings } from "./timings.ts";

type Hangup = Extract<Signal, { type: "call-hangup" }>;

interface LostHangupsOptions {
  /** Resolves when the peer acknowledged the signal. */
  send(peerId: string, callId: string, signal: Signal, abort?: AbortSignal): Promise<void>;
  /** See Signalling.isKnown. */
  isKnown(peerId: string): boolean;
  readonly timings: Pick<Timings, "lostHangupMs">;
  readonly log: Log;
}

interface LostHangup {
  readonly peerId: string;
  readonly callId: string;
  readonly hangup: Hangup;
  readonly lostAtMs: number;
}

/** Bounded. Above the limit, the oldest hang-up is given up. Strangers have few places, since each refusal can be such a hang-up. */
export class LostHangups {
  readonly #options: LostHangupsOptions;
  readonly #lost = new BoundedMap<string, LostHangup>(MAX_LOST_HANGUPS);

  constructor(options: LostHangupsOptions) {
    this.#options = options;
  }

  /** The number of hang-ups that wait for their peer. */
  get size(): number {
    return this.#lost.size;
  }

  /** Sends a signal, and keeps it if it is a hang-up that does not arrive. @throws the errors of `send` */
  async send(peerId: string, callId: string, signal: Signal, abort?: AbortSignal): Promise<void> {
    try {
      await this.#options.send(peerId, callId, signal, abort);
    } catch (error) {
      if (signal.type === "call-hangup" && isUndelivered(error)) {
        this.#keep(`${peerId}/${callId}`, { peerId, callId, hangup: signal, lostAtMs: monotonicMs() });
      }
      throw error;
    }
  }

  /** A connection with the peer began. Each hang-up is sent once more. If that fails, it waits for the next connection. */
  onConnected(peerId: string): void {
    for (const [key, lost] of [...this.#lost.entries()]) {
      if (lost.peerId !== peerId) continue;
      this.#lost.delete(key);
      if (monotonicMs() - lost.lostAtMs <= this.#options.timings.lostHangupMs)
        void this.#sendAgain(key, lost);
    }
  }

  async #sendAgain(key: string, lost: LostHangup): Promise<void> {
    const { send, log } = this.#options;
    try {
      await send(lost.peerId, lost.callId, lost.hangup);
    } catch (error) {
      log(
        "debug",
        `the hang-up of call ${lost.callId} did not reach ${lost.peerId} again: ${errorText(error)}`,
      );
      if (isUndelivered(error)) this.#keep(key, lost);
    }
  }

  #keep(key: string, lost: LostHangup): void {
    const { isKnown } = this.#options;
    const ofStrangers = [...this.#lost.entries()].filter(([, { peerId }]) => !isKnown(peerId));
    const [oldest] = ofStrangers.length >= MAX_LOST_HANGUPS_OF_STRANGERS ? ofStrangers : [];
    if (!isKnown(lost.peerId) && oldest) this.#lost.delete(oldest[0]);
    this.#lost.set(key, lost);
  }
}
