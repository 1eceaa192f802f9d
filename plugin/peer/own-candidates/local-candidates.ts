// Collects our own candidates as the engine gathers them, and waits for the end of gathering, so that a description can
// contain them.

import type { Candidate } from "../../../rpc-schema/index.ts";
import { fragmentOf, usernameFragments } from "../session-description.ts";

/** Holds the candidates of the newest description only. */
export class LocalCandidates {
  #fragments: ReadonlySet<string> = new Set();
  #found: Candidate[] = [];
  #isComplete = false;
  #onGathered: (() => void) | null = null;

  /**
   * Call it before the engine applies the description. For a description with the same username fragments, such as a second
   * offer without a restart, the engine does not gather again (RFC 8829 section 4.1.18), so the candidates are kept.
   * @returns whether the engine gathers again
   */
  describedBy(sdp: string): boolean {
    const fragments = usernameFragments(sdp);
    if ([...fragments].every((fragment) => this.#fragments.has(fragment))) return false;
    this.#fragments = fragments;
    this.#found = [];
    this.#isComplete = false;
    return true;
  }

  /** Candidates of an earlier description may still arrive. They are ignored. */
  add(candidate: Candidate): void {
    const fragment = fragmentOf(candidate);
    if (fragment === undefined || this.#fragments.has(fragment)) this.#found.push(candidate);
    this.#check();
  }

  /** The engine has finished gathering. It may report this before it delivers the candidates. */
  complete(): void {
    this.#isComplete = true;
    this.#check();
  }

  found(): readonly Candidate[] {
    return this.#found;
  }

  /** Resolves at the end of gathering, after `limitMs`, or when `closed` aborts. Never rejects. */
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

  /** Resolves after this turn of the event loop, in which the rest of a burst arrives. */
  #check(): void {
    const gathered = this.#onGathered;
    if (this.#isGathered && gathered) setImmediate(gathered);
  }
}
