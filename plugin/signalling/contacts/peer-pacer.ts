// Runs work for peers at a limited rate: once at a time for each peer, with a pause after it. The limit holds however often
// peers trigger the work.

import { pause } from "../../common/deadline.ts";
import { errorText } from "../../common/error-text.ts";
import type { Log } from "../../log.ts";
import { MAX_PACED_PEERS } from "../timings.ts";

interface PeerPacerOptions {
  /** The work's name for log lines, before the peer's id. */
  readonly what: string;
  /** Must end when `closing` aborts. */
  work(peerId: string, closing: AbortSignal): Promise<void>;
  /** Milliseconds between the end of one run and the start of the next for the same peer. */
  readonly pauseMs: number;
  readonly closing: AbortSignal;
  readonly log: Log;
}

/** Serves a limited number of peers at once. Stops when `closing` aborts. */
export class PeerPacer {
  readonly #options: PeerPacerOptions;
  /** Peers whose work runs or pauses, and whether it runs again after that. */
  readonly #active = new Map<string, { isDueAgain: boolean }>();

  constructor(options: PeerPacerOptions) {
    this.#options = options;
  }

  /** Runs the work now, or once more after the current run. Ignored if too many peers are active. */
  schedule(peerId: string): void {
    const entry = this.#active.get(peerId);
    if (entry) entry.isDueAgain = true;
    else if (this.#active.size < MAX_PACED_PEERS && !this.#options.closing.aborted) void this.#run(peerId);
  }

  async #run(peerId: string): Promise<void> {
    const { what, work, pauseMs, closing, log } = this.#options;
    const entry = { isDueAgain: true };
    this.#active.set(peerId, entry);
    while (entry.isDueAgain && !closing.aborted) {
      entry.isDueAgain = false;
      await work(peerId, closing).catch((error: unknown) =>
        log("debug", `${what} ${peerId} failed: ${errorText(error)}`),
      );
      // If the pause was aborted, the loop's condition ends the loop.
      await pause(pauseMs, closing).catch(() => undefined);
    }
    this.#active.delete(peerId);
  }
}
