// The exchange behind the check code of one call: a commitment in the offer, a nonce in the answer, and the signal call-check,
// which reveals the offerer's nonce. derivation.ts explains why. Every description of the call passes through here.

import { randomBytes } from "node:crypto";
import type { CheckState } from "../../../rpc-schema/index.ts";
import { COMMITMENT, checkValueOf, fingerprintOf, NONCE, withCheckLine } from "./check-lines.ts";
import { checkCode, commitmentTo } from "./derivation.ts";

/**
 * Exchanges in one call. Each could be a guess of an attacker. A call has one for each of its connections, which a crash or a
 * long loss replaces, and an ICE restart adds none.
 */
const MAX_EXCHANGES = 32;
const NONCE_BYTES = 32;

export interface CheckReport {
  readonly state: CheckState;
  /** Null unless the state is `code`. */
  readonly code: string | null;
  /** The call had another code before. */
  readonly isChanged: boolean;
}

/** The certificates of one connection. An ICE restart keeps both (RFC 8842 section 4), so it keeps the code. */
interface Pair {
  readonly local: string;
  readonly remote: string;
}

/** Our commitment stays the same until its nonce is revealed, since the other side may have answered an offer without us. */
interface OwnOffer {
  readonly nonce: string;
  readonly local: string;
}

/** We answered, and the offerer has not revealed its nonce yet. */
interface Pending extends Pair {
  readonly commitment: string;
  readonly nonce: string;
}

interface Established extends Pair {
  readonly code: string;
  /** Ours, if we offered. The other side may have lost it. */
  readonly revealed: string | null;
}

export class CheckExchange {
  readonly #callId: string;
  #state: CheckState = "waiting";
  #offered: OwnOffer | null = null;
  #pending: Pending | null = null;
  #established: Established | null = null;
  #exchanges = 0;
  #lastCode: string | null = null;
  #isChanged = false;

  constructor(callId: string) {
    this.#callId = callId;
  }

  report(): CheckReport {
    const code = this.#state === "code" ? (this.#established?.code ?? null) : null;
    return { state: this.#state, code, isChanged: this.#isChanged };
  }

  /** @returns our offer with a new commitment. Peers of other programs ignore it */
  offer(sdp: string): string {
    const local = fingerprintOf(sdp);
    if (local === null) return sdp;
    if (this.#established?.local !== local) this.#forget();
    if (this.#offered?.local !== local) this.#offered = { nonce: newNonce(), local };
    return withCheckLine(sdp, COMMITMENT, commitmentTo(this.#callId, this.#offered.nonce));
  }

  /** @returns our answer with a nonce, if the offer has a commitment */
  answer(offer: string, answer: string): string {
    const [local, remote] = [fingerprintOf(answer), fingerprintOf(offer)];
    if (local === null || remote === null) return this.#fail(answer);
    const pair = { local, remote };
    // What the first exchange of a connection fixed stays, so that both sides derive the same code from it.
    if (isSame(this.#established, pair)) return answer;
    if (!isSame(this.#pending, pair)) {
      this.#forget();
      const commitment = checkValueOf(offer, COMMITMENT);
      if (commitment === null) return this.#without(answer);
      if (this.#hasTooMany()) return this.#fail(answer);
      this.#pending = { ...pair, commitment, nonce: newNonce() };
    }
    return this.#pending === null ? answer : withCheckLine(answer, NONCE, this.#pending.nonce);
  }

  /**
   * The answer to our offer was applied.
   * @returns our nonce, which the other side must get now; null if it makes no code
   */
  answered(answer: string): string | null {
    const offered = this.#offered;
    if (offered === null) return null;
    const remote = fingerprintOf(answer);
    const pair = { local: offered.local, remote: remote ?? "" };
    if (isSame(this.#established, pair)) return this.#established?.revealed ?? null;
    this.#forget();
    const nonce = checkValueOf(answer, NONCE);
    if (nonce === null) this.#state = "unsupported";
    else if (remote === null || this.#hasTooMany()) this.#state = "failed";
    if (this.#state !== "waiting" || nonce === null || remote === null) return null;
    this.#offered = null;
    const code = checkCode({
      callId: this.#callId,
      offererFingerprint: offered.local,
      answererFingerprint: remote,
      offererNonce: offered.nonce,
      answererNonce: nonce,
    });
    this.#establish({ local: offered.local, remote, code, revealed: offered.nonce });
    return offered.nonce;
  }

  /** The offerer's nonce. A copy, or one of an earlier connection, changes nothing for a code that stands. */
  reveal(nonce: string): void {
    const pending = this.#pending;
    if (pending === null) return;
    if (commitmentTo(this.#callId, nonce) !== pending.commitment) {
      this.#state = "failed";
      return;
    }
    const code = checkCode({
      callId: this.#callId,
      offererFingerprint: pending.remote,
      answererFingerprint: pending.local,
      offererNonce: nonce,
      answererNonce: pending.nonce,
    });
    this.#establish({ local: pending.local, remote: pending.remote, code, revealed: null });
  }

  #establish(established: Established): void {
    this.#pending = null;
    this.#established = established;
    this.#isChanged = this.#lastCode !== null && this.#lastCode !== established.code;
    this.#lastCode = established.code;
    this.#state = "code";
  }

  #hasTooMany(): boolean {
    this.#exchanges += 1;
    return this.#exchanges > MAX_EXCHANGES;
  }

  /** The connection is a new one. */
  #forget(): void {
    this.#established = null;
    this.#pending = null;
    this.#state = "waiting";
  }

  #fail(answer: string): string {
    this.#forget();
    this.#state = "failed";
    return answer;
  }

  #without(answer: string): string {
    this.#state = "unsupported";
    return answer;
  }
}

function newNonce(): string {
  return randomBytes(NONCE_BYTES).toString("hex");
}

function isSame(known: Pair | null, { local, remote }: Pair): boolean {
  return known !== null && known.local === local && known.remote === remote;
}
