// Decides which remote candidates go to the engine now, which wait for their description, and which are dropped.
// Signalling keeps no order, so candidates may come before the description whose m-lines they name (RFC 8838
// section 11), also before that of an ICE restart. Knows no engine.

import type { Candidate } from "../../rpc-schema/index.ts";
import { fragmentOf, usernameFragments } from "./session-description.ts";

/** Ten times what a machine with four interfaces gathers, and little enough to hold for any peer. */
export const MAX_WAITING_CANDIDATES = 64;

/** RTCIceCandidateInit with absent fields left out, since the engine reads a null as text. */
export interface CandidateInit {
  candidate: string;
  sdpMid?: string;
  sdpMLineIndex?: number;
  usernameFragment?: string;
}

/** Each candidate stands in one of these, save one that the engine has not answered for yet. */
export interface CandidateCounts {
  /** Given to the engine and taken by it. */
  readonly applied: number;
  /** Waiting for their description. */
  readonly waiting: number;
  /** Fell out of the full buffer, oldest first. */
  readonly overflowed: number;
  /** Ends of candidates: empty texts, which carry no address. */
  readonly empty: number;
  /** Malformed, for an unknown m-line, or refused by the engine for another reason. */
  readonly refused: number;
}

/**
 * One for each connection. A candidate without a fragment waits for any description, one with a fragment for
 * its own.
 */
export class CandidateBuffer {
  readonly #apply: (candidate: CandidateInit) => Promise<void>;
  #waiting: CandidateInit[] = [];
  #knownFragments: ReadonlySet<string> | null = null;
  #applied = 0;
  #overflowed = 0;
  #empty = 0;
  #refused = 0;

  /** @param apply gives one candidate to the engine; its rejection is counted, never passed on. */
  constructor(apply: (candidate: CandidateInit) => Promise<void>) {
    this.#apply = apply;
  }

  /** Sums since the start, and what waits now. */
  counts(): CandidateCounts {
    return {
      applied: this.#applied,
      waiting: this.#waiting.length,
      overflowed: this.#overflowed,
      empty: this.#empty,
      refused: this.#refused,
    };
  }

  /** Never throws: what cannot be used is counted. */
  add(candidate: Candidate): void {
    if (candidate.candidate.trim() === "") {
      this.#empty++;
      return;
    }
    const init = toInit(candidate);
    if (this.#mustWait(init)) this.#hold(init);
    else this.#give(init);
  }

  /** Call when the engine has taken a remote description; what waited for it is given to the engine. */
  describedBy(sdp: string): void {
    this.#knownFragments = usernameFragments(sdp);
    const waited = this.#waiting;
    this.#waiting = [];
    for (const init of waited) {
      if (this.#mustWait(init)) this.#waiting.push(init);
      else this.#give(init);
    }
  }

  /** Drops what waits, uncounted, since the connection is over. */
  clear(): void {
    this.#waiting = [];
  }

  #mustWait(init: CandidateInit): boolean {
    if (this.#knownFragments === null) return true;
    return init.usernameFragment !== undefined && !this.#knownFragments.has(init.usernameFragment);
  }

  #hold(init: CandidateInit): void {
    this.#waiting.push(init);
    if (this.#waiting.length > MAX_WAITING_CANDIDATES) {
      this.#waiting.shift();
      this.#overflowed++;
    }
  }

  #give(init: CandidateInit): void {
    const refuse = (): void => {
      this.#refused++;
    };
    try {
      this.#apply(init).then(() => {
        this.#applied++;
      }, refuse);
    } catch {
      // The engine throws at once for what it cannot even parse.
      refuse();
    }
  }
}

function toInit(candidate: Candidate): CandidateInit {
  const init: CandidateInit = { candidate: candidate.candidate };
  if (candidate.sdpMid) init.sdpMid = candidate.sdpMid;
  if (typeof candidate.sdpMLineIndex === "number") init.sdpMLineIndex = candidate.sdpMLineIndex;
  // With neither, the first m-line is meant: all are bundled on its transport (RFC 9143).
  if (init.sdpMid === undefined && init.sdpMLineIndex === undefined) init.sdpMLineIndex = 0;
  const fragment = fragmentOf(candidate);
  if (fragment) init.usernameFragment = fragment;
  return init;
}
