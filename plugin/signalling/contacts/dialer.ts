// Dials peers in the background: a few at a time, with increasing pauses. Given peers are dialled until they connect. Strangers
// have half of the turns, so that made-up ones cannot delay the dial of a peer that the user chose.
// Discovered peers are dialled a few times, and again when they are discovered again.

import { pause, withDeadline } from "../../common/deadline.ts";
import { errorText } from "../../common/error-text.ts";
import type { Log } from "../../log.ts";
import {
  MAX_CONCURRENT_DIALS,
  MAX_DIALS_OF_STRANGERS,
  MAX_DIALS_WHEN_FOUND,
  MAX_PEERS_TO_DIAL,
  type Timings,
} from "../timings.ts";

interface DialerOptions {
  /** Rejects when the signal aborts. */
  connect(peerId: string, signal: AbortSignal): Promise<void>;
  isConnected(peerId: string): boolean;
  /** Whether the peer comes from the settings or the user. */
  isGiven(peerId: string): boolean;
  /** See Signalling.isKnown. */
  isKnown(peerId: string): boolean;
  /** Ends every dial and every pause. */
  readonly closing: AbortSignal;
  readonly timings: Timings;
  readonly log: Log;
}

type PeerClass = "stranger" | "known";

/** A failed dial of a stranger keeps its turn for so long. A dial costs some milliseconds, and many fail at once. */
const FAILED_TURN_MS = 500;

/** Stops when `closing` aborts. */
export class Dialer {
  readonly #options: DialerOptions;
  /** Peers that are being dialled, each with a function that ends its current pause. */
  readonly #active = new Map<string, () => void>();
  /** Of strangers and of known peers. */
  readonly #queues: Record<PeerClass, (() => void)[]> = { stranger: [], known: [] };
  readonly #running: Record<PeerClass, number> = { stranger: 0, known: 0 };

  constructor(options: DialerOptions) {
    this.#options = options;
    const releaseQueue = () => {
      for (const queue of Object.values(this.#queues)) for (const next of queue.splice(0)) next();
    };
    options.closing.addEventListener("abort", releaseQueue, { once: true });
  }

  /** Starts to dial, unless the peer is connected. Shortens the pause if the peer is being dialled already. */
  reach(peerId: string): void {
    if (this.#options.closing.aborted || this.#options.isConnected(peerId)) return;
    const endPause = this.#active.get(peerId);
    if (endPause) {
      endPause();
      return;
    }
    if (this.#active.size >= MAX_PEERS_TO_DIAL && !this.#options.isKnown(peerId)) return;
    this.#active.set(peerId, doNothing);
    this.#dialUntilConnected(peerId)
      .catch((error: unknown) => this.#options.log("debug", `dialling ${peerId} ended: ${errorText(error)}`))
      .finally(() => this.#active.delete(peerId));
  }

  async #dialUntilConnected(peerId: string): Promise<void> {
    const { isConnected, isGiven, timings } = this.#options;
    for (let dials = 1; !isConnected(peerId); dials += 1) {
      if (await this.#dial(peerId)) return;
      if (!isGiven(peerId) && dials >= MAX_DIALS_WHEN_FOUND) return;
      // The first part of a pause cannot be shortened. Otherwise a peer that floods us with mDNS answers would set the pace.
      await pause(timings.redialMs, this.#options.closing);
      await this.#wait(peerId, Math.min(timings.redialMs * (2 ** (dials - 1) - 1), timings.maxRedialMs));
    }
  }

  async #wait(peerId: string, pauseMs: number): Promise<void> {
    const shortened = new AbortController();
    this.#active.set(peerId, () => shortened.abort());
    try {
      await pause(pauseMs, AbortSignal.any([shortened.signal, this.#options.closing]));
    } catch (error) {
      if (!shortened.signal.aborted) throw error;
    } finally {
      this.#active.set(peerId, doNothing);
    }
  }

  async #dial(peerId: string): Promise<boolean> {
    const { connect, timings, log } = this.#options;
    // Taken once, since the user may choose the peer meanwhile.
    const of = this.#options.isKnown(peerId) ? "known" : "stranger";
    await this.#takeTurn(of);
    let holdMs = 0;
    try {
      await withDeadline(timings.dialMs, this.#options.closing, "the dial", (signal) =>
        connect(peerId, signal),
      );
      return true;
    } catch (error) {
      log("debug", `cannot reach ${peerId}: ${errorText(error)}`);
      if (of === "stranger") holdMs = FAILED_TURN_MS;
      return false;
    } finally {
      void this.#endTurn(of, holdMs);
    }
  }

  async #endTurn(of: PeerClass, holdMs: number): Promise<void> {
    if (holdMs > 0) await pause(holdMs, this.#options.closing).catch(doNothing);
    this.#running[of] -= 1;
    (this.#queues.known.shift() ?? this.#queues.stranger.shift())?.();
  }

  async #takeTurn(of: PeerClass): Promise<void> {
    while (!this.#mayRun(of) && !this.#options.closing.aborted) {
      await new Promise<void>((resolve) => this.#queues[of].push(resolve));
    }
    this.#running[of] += 1;
  }

  #mayRun(of: PeerClass): boolean {
    const { stranger, known } = this.#running;
    if (stranger + known >= MAX_CONCURRENT_DIALS) return false;
    return of === "known" || stranger < MAX_DIALS_OF_STRANGERS;
  }
}

/** Used while there is no pause to end. */
function doNothing(): undefined {
  return undefined;
}
