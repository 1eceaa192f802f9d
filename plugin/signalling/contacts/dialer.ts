// Keeps trying to reach peers in the background: a few dials at a time, with growing pauses. Peers that were given are
// tried for as long as we run, peers that were found a few times only, since being found again starts anew.

import { pause, withDeadline } from "../../common/deadline.ts";
import { errorText } from "../../common/error-text.ts";
import type { Log } from "../../log.ts";
import { MAX_CONCURRENT_DIALS, MAX_DIALLED_PEERS, MAX_DIALS_WHEN_FOUND, type Timings } from "../timings.ts";

/** The dialer holds no connections itself; it asks and tells. */
export interface DialerOptions {
  /** Rejects when the signal aborts. */
  connect(peerId: string, signal: AbortSignal): Promise<void>;
  isConnected(peerId: string): boolean;
  /** Given by settings or the user, and so dialled without end. */
  isGiven(peerId: string): boolean;
  /** Ends every dial and every pause. */
  readonly closing: AbortSignal;
  readonly timings: Timings;
  readonly log: Log;
}

/** Ends by itself when `closing` aborts; nothing has to be closed. */
export class Dialer {
  readonly #options: DialerOptions;
  /** Peers being tried; the function ends a pause. */
  readonly #tried = new Map<string, () => void>();
  readonly #queue: (() => void)[] = [];
  #running = 0;

  constructor(options: DialerOptions) {
    this.#options = options;
    const leave = () => {
      for (const next of this.#queue.splice(0)) next();
    };
    options.closing.addEventListener("abort", leave, { once: true });
  }

  /** Starts trying, unless the peer is connected. One that is tried already is tried now. */
  want(peerId: string): void {
    if (this.#options.closing.aborted || this.#options.isConnected(peerId)) return;
    const cutShort = this.#tried.get(peerId);
    if (cutShort) {
      cutShort();
      return;
    }
    if (this.#tried.size >= MAX_DIALLED_PEERS && !this.#options.isGiven(peerId)) return;
    this.#tried.set(peerId, ignore);
    this.#tryUntilReached(peerId)
      .catch((error: unknown) => this.#options.log("debug", `dialling ${peerId} ended: ${errorText(error)}`))
      .finally(() => this.#tried.delete(peerId));
  }

  async #tryUntilReached(peerId: string): Promise<void> {
    const { isConnected, isGiven, timings } = this.#options;
    for (let dials = 1; !isConnected(peerId); dials += 1) {
      if (await this.#dial(peerId)) return;
      if (!isGiven(peerId) && dials >= MAX_DIALS_WHEN_FOUND) return;
      // The shortest pause cannot be cut short, or whoever sends answers quickly would set our pace.
      await pause(timings.redialMs, this.#options.closing);
      await this.#wait(peerId, Math.min(timings.redialMs * (2 ** (dials - 1) - 1), timings.longestRedialMs));
    }
  }

  async #wait(peerId: string, pauseMs: number): Promise<void> {
    const cut = new AbortController();
    this.#tried.set(peerId, () => cut.abort());
    try {
      await pause(pauseMs, AbortSignal.any([cut.signal, this.#options.closing]));
    } catch (error) {
      if (!cut.signal.aborted) throw error;
    } finally {
      this.#tried.set(peerId, ignore);
    }
  }

  async #dial(peerId: string): Promise<boolean> {
    const { connect, timings, log } = this.#options;
    await this.#takeTurn();
    try {
      await withDeadline(timings.dialMs, this.#options.closing, "the dial", (signal) =>
        connect(peerId, signal),
      );
      return true;
    } catch (error) {
      log("debug", `cannot reach ${peerId}: ${errorText(error)}`);
      return false;
    } finally {
      this.#running -= 1;
      this.#queue.shift()?.();
    }
  }

  async #takeTurn(): Promise<void> {
    while (this.#running >= MAX_CONCURRENT_DIALS && !this.#options.closing.aborted) {
      await new Promise<void>((resolve) => this.#queue.push(resolve));
    }
    this.#running += 1;
  }
}

/** There is no pause to end. */
function ignore(): undefined {
  return undefined;
}
