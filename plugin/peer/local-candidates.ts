// Our own candidates as the engine finds them, and when it has found them all: what a description that leaves now can
// hold already. Knows no engine.

import type { Candidate } from "../../rpc-schema/index.ts";
import { fragmentOf, usernameFragments } from "./session-description.ts";

/** Those of the newest description only; older ones are of no use to anybody. */
export class LocalCandidates {
  #fragments: ReadonlySet<string> = new Set();
  #found: Candidate[] = [];
  #isComplete = false;
  #onGathered: (() => void) | null = null;

  /**
   * Call before the engine takes the description. One with the same username fragments, such as a second offer without
   * a restart, goes on with what was found: nothing is gathered anew for it (RFC 8829 section 4.1.18).
   */
  describedBy(sdp: string): void {
    const fragments = usernameFragments(sdp);
    if ([...fragments].every((fragment) => this.#fragments.has(fragment))) return;
    this.#fragments = fragments;
    this.#found = [];
    this.#isComplete = false;
  }

  /** One of an earlier description may still come. */
  add(candidate: Candidate): void {
    const fragment = fragmentOf(candidate);
    if (fragment === undefined || this.#fragments.has(fragment)) this.#found.push(candidate);
    this.#check();
  }

  /** The engine looks no further; it may say so before it hands out what it found. */
  complete(): void {
    this.#isComplete = true;
    this.#check();
  }

  found(): readonly Candidate[] {
    return this.#found;
  }

  /** Resolves when all are found, when `limitMs` have passed, or when `closed` aborts; never rejects. */
  gathered(limitMs: number, closed: AbortSignal): Promise<void> {
    if (this.#isGathered || limitMs <= 0 || closed.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const settle = (): void => {
        clearTimeout(timer);
        closed.removeEventListener("abort", settle);
        this.#onGathered = null;
        resolve();
      };
      const timer = setTimeout(settle, limitMs);
      closed.addEventListener("abort", settle, { once: true });
      this.#onGathered = settle;
    });
  }

  get #isGathered(): boolean {
    return this.#isComplete && this.#found.length > 0;
  }

  /** After this turn, in which the others of one burst come. */
  #check(): void {
    const gathered = this.#onGathered;
    if (this.#isGathered && gathered) setImmediate(gathered);
  }
}
