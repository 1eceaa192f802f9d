// Does something for a peer when it is wanted, yet for each peer only once at a time and not too often, whatever peers
// do to make us want it.

import { pause } from "../../common/deadline.ts";
import { errorText } from "../../common/error-text.ts";
import type { Log } from "../../log.ts";
import { MAX_PACED_PEERS } from "../timings.ts";

export interface PeerPacerOptions {
  /** For the log: what could not be done. */
  readonly what: string;
  /** Ends by itself when `closing` aborts. */
  work(peerId: string, closing: AbortSignal): Promise<void>;
  /** Between the end of one piece of work and the start of the next for the same peer, in milliseconds. */
  readonly pauseMs: number;
  readonly closing: AbortSignal;
  readonly log: Log;
}

/** Holds a bounded number of peers; nothing has to be closed. */
export class PeerPacer {
  readonly #options: PeerPacerOptions;
  /** Peers that are worked for or paused, and whether they are wanted again after that. */
  readonly #busy = new Map<string, { isWantedAgain: boolean }>();

  constructor(options: PeerPacerOptions) {
    this.#options = options;
  }

  /** At once, or once more after what is under way. What finds too many peers busy is left out. */
  want(peerId: string): void {
    const busy = this.#busy.get(peerId);
    if (busy) busy.isWantedAgain = true;
    else if (this.#busy.size < MAX_PACED_PEERS && !this.#options.closing.aborted) void this.#run(peerId);
  }

  async #run(peerId: string): Promise<void> {
    const { what, work, pauseMs, closing, log } = this.#options;
    const busy = { isWantedAgain: true };
    this.#busy.set(peerId, busy);
    while (busy.isWantedAgain && !closing.aborted) {
      busy.isWantedAgain = false;
      await work(peerId, closing).catch((error: unknown) =>
        log("debug", `${what} ${peerId} failed: ${errorText(error)}`),
      );
      // Aborted or not, the loop's condition decides.
      await pause(pauseMs, closing).catch(() => undefined);
    }
    this.#busy.delete(peerId);
  }
}
