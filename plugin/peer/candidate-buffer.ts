// Buffers remote candidates until their description arrives. Signalling does not keep the order, so candidates may come
// before the description whose m-lines they name (RFC 8838 section 11), also before that of an ICE restart. Only usable
// candidates reach the engine, and a limited number of them.

import type { Candidate } from "../../rpc-schema/index.ts";
import { monotonicMs } from "../common/clock.ts";
import type { LookUp } from "../common/local-names.ts";
import { TokenBucket } from "../common/token-bucket.ts";
import {
  type CandidateView,
  localNameIn,
  whyRefused,
  withAddresses,
  withCandidatesThat,
} from "./remote-candidates.ts";
import { fragmentOf, usernameFragments } from "./session-description.ts";

/** Ten times the candidates of a machine with four interfaces, and little enough memory for each peer. */
export const MAX_WAITING_CANDIDATES = 64;
/** The engine gets at most as many between two ICE restarts. It checks each with every address of ours. */
export const MAX_CANDIDATES = 64;
/** Over all restarts. Two in a row find as many candidates as the first description. */
const BURST = 3 * MAX_CANDIDATES;
const PER_SECOND = 2;

/** RTCIceCandidateInit without absent fields, because the engine reads null as text. */
export interface CandidateInit {
  candidate: string;
  sdpMid?: string;
  sdpMLineIndex?: number;
  usernameFragment?: string;
}

/** Each candidate is counted once, except while the engine is processing it. */
export interface CandidateCounts {
  /** Accepted by the engine. */
  readonly applied: number;
  /** Waiting for their description. */
  readonly waiting: number;
  /** Dropped from the full buffer, oldest first. */
  readonly overflowed: number;
  /** End-of-candidates markers: empty texts without an address. */
  readonly empty: number;
  /** Malformed, not allowed (remote-candidates.ts), beyond the limit, or refused by the engine. */
  readonly refused: number;
  /** With a name that nobody on this network has. */
  readonly unknown: number;
}

export interface CandidateBufferOptions {
  /** Passes one candidate to the engine. A rejection is counted. */
  apply(candidate: CandidateInit): Promise<void>;
  /** What decides which addresses are allowed, as of now. */
  view(): CandidateView;
  /** Runs for each candidate that is refused or dropped. */
  onRefused(): void;
  /** Finds the addresses of a `.local` name, so that they are checked too. The engine would send to whatever the name leads to. */
  readonly lookUp: LookUp;
  /** A monotonic clock. */
  nowMs?(): number;
}

/**
 * One for each connection. A candidate without a username fragment waits for any description, and one with a fragment for
 * the description with that fragment.
 */
export class CandidateBuffer {
  readonly #apply: CandidateBufferOptions["apply"];
  readonly #view: CandidateBufferOptions["view"];
  readonly #onRefused: CandidateBufferOptions["onRefused"];
  readonly #lookUp: LookUp;
  #waiting: CandidateInit[] = [];
  #knownFragments: ReadonlySet<string> | null = null;
  #applied = 0;
  #overflowed = 0;
  #empty = 0;
  #refused = 0;
  #unknown = 0;
  #isClosed = false;
  /** How many more the engine may get before the next ICE restart. */
  #left = MAX_CANDIDATES;
  readonly #rate: TokenBucket;

  constructor({ apply, view, onRefused, lookUp, nowMs = monotonicMs }: CandidateBufferOptions) {
    this.#apply = apply;
    this.#view = view;
    this.#onRefused = onRefused;
    this.#lookUp = lookUp;
    this.#rate = new TokenBucket(BURST, PER_SECOND, nowMs);
  }

  /** Totals since the start, and the number of waiting candidates. */
  counts(): CandidateCounts {
    return {
      applied: this.#applied,
      waiting: this.#waiting.length,
      overflowed: this.#overflowed,
      empty: this.#empty,
      refused: this.#refused,
      unknown: this.#unknown,
    };
  }

  /** Never throws: unusable candidates are counted. */
  add(candidate: Candidate): void {
    if (candidate.candidate.trim() === "") {
      this.#empty++;
      return;
    }
    if (whyRefused(candidate.candidate, this.#view()) !== null) {
      this.#refuse();
      return;
    }
    const init = toInit(candidate);
    if (this.#mustWait(init)) this.#hold(init);
    else this.#give(init);
  }

  /**
   * Call it before the engine applies a remote description. Candidates with a name wait until it is applied.
   * @returns the description with its usable candidates only
   */
  filter(sdp: string): string {
    const isRestart = ![...usernameFragments(sdp)].some((fragment) => this.#knownFragments?.has(fragment));
    if (isRestart) this.#left = MAX_CANDIDATES;
    const view = this.#view();
    return withCandidatesThat((candidate, section) => {
      const isAllowed = whyRefused(candidate, view) === null;
      if (isAllowed && localNameIn(candidate) !== null) {
        this.#hold({ candidate, sdpMLineIndex: Math.max(0, section) });
        return false;
      }
      const isUsable = isAllowed && this.#takesOneMore();
      if (!isUsable) this.#refuse();
      return isUsable;
    }, sdp);
  }

  /** Call it when the engine has applied a remote description. Passes the waiting candidates of that description on. */
  describedBy(sdp: string): void {
    this.#knownFragments = usernameFragments(sdp);
    const waited = this.#waiting;
    this.#waiting = [];
    for (const init of waited) {
      if (this.#mustWait(init)) this.#waiting.push(init);
      else this.#give(init);
    }
  }

  /** Drops the waiting candidates without counting them, because the connection is closed. */
  close(): void {
    this.#isClosed = true;
    this.#waiting = [];
  }

  #takesOneMore(): boolean {
    if (this.#left === 0 || !this.#rate.take()) return false;
    this.#left--;
    return true;
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
      this.#onRefused();
    }
  }

  async #giveNamed(init: CandidateInit, name: string): Promise<void> {
    const addresses = await this.#lookUp(name);
    if (this.#isClosed) return;
    const candidates = withAddresses(init.candidate, addresses, this.#view());
    try {
      for (const candidate of candidates) await this.#apply({ ...init, candidate });
    } catch {
      this.#refuse();
      return;
    }
    if (candidates.length > 0) this.#applied++;
    else if (addresses.length > 0) this.#refuse();
    else this.#unknown++;
  }

  #refuse(): void {
    if (this.#isClosed) return;
    this.#refused++;
    this.#onRefused();
  }

  #give(init: CandidateInit): void {
    if (!this.#takesOneMore()) {
      this.#refuse();
      return;
    }
    const refuse = (): void => this.#refuse();
    const name = localNameIn(init.candidate);
    if (name !== null) {
      void this.#giveNamed(init, name);
      return;
    }
    try {
      this.#apply(init).then(() => {
        this.#applied++;
      }, refuse);
    } catch {
      // The engine throws synchronously for a candidate that it cannot parse.
      refuse();
    }
  }
}

function toInit(candidate: Candidate): CandidateInit {
  const init: CandidateInit = { candidate: candidate.candidate };
  if (candidate.sdpMid) init.sdpMid = candidate.sdpMid;
  if (typeof candidate.sdpMLineIndex === "number") init.sdpMLineIndex = candidate.sdpMLineIndex;
  // Without both, use the first m-line: all m-lines are bundled on its transport (RFC 9143).
  if (init.sdpMid === undefined && init.sdpMLineIndex === undefined) init.sdpMLineIndex = 0;
  const fragment = fragmentOf(candidate);
  if (fragment) init.usernameFragment = fragment;
  return init;
}
