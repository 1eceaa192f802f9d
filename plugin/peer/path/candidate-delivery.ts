// Delivers our candidates after the description that they belong to, because some peers lose earlier ones.

import type { Candidate } from "../../../rpc-schema/index.ts";

export class CandidateDelivery {
  readonly #deliver: (candidate: Candidate) => void;
  #held: Candidate[] = [];
  #isHolding = true;
  #isClosed = false;

  constructor(deliver: (candidate: Candidate) => void) {
    this.#deliver = deliver;
  }

  /** A description is being made. */
  hold(): void {
    this.#isHolding = true;
  }

  /** The description was returned. */
  release(): void {
    this.#isHolding = false;
    for (const candidate of this.#held.splice(0)) this.add(candidate);
  }

  add(candidate: Candidate): void {
    if (this.#isClosed) return;
    if (this.#isHolding) this.#held.push(candidate);
    else this.#deliver(candidate);
  }

  /** Drops what is held; nothing is delivered any more. */
  close(): void {
    this.#isClosed = true;
    this.#held = [];
  }
}
