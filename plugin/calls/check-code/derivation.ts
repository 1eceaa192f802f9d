// The check code of a connection: what both sides derive from their fingerprints, and how they commit themselves to it. Pure.

import { createHash } from "node:crypto";
import { CHECK_WORDS } from "./words.ts";

/** Domain separation: no hash of one kind is ever one of the other kind. */
const COMMITMENT_LABEL = "goop-call-plugin check commitment 1";
const CODE_LABEL = "goop-call-plugin check code 1";
/** One byte each. Changing it changes the strength, see {@link checkCode}. */
const CODE_WORDS = 4;

/** What one connection's code is made of. The offerer committed itself to its nonce before it saw the answerer's. */
export interface CheckInput {
  readonly callId: string;
  /** As `fingerprintOf` reads them from the two descriptions. */
  readonly offererFingerprint: string;
  readonly answererFingerprint: string;
  /** 32 random bytes each, in hex. */
  readonly offererNonce: string;
  readonly answererNonce: string;
}

/** SHA-256 over a JSON array, whose elements cannot run into each other. */
function hashOf(parts: readonly string[]): Buffer {
  return createHash("sha256").update(JSON.stringify(parts)).digest();
}

/** @returns what the offerer sends with its offer, in hex. It hides the nonce, which has 256 random bits, and binds to it */
export function commitmentTo(callId: string, nonce: string): string {
  return hashOf([COMMITMENT_LABEL, callId, nonce]).toString("hex");
}

/**
 * Four words, 32 bits. Words, because they can be spoken in the call and read to a screen reader; emoji look different from
 * font to font, are missing on some systems, and have no fixed names.
 *
 * Who relays the signals, such as the host, can put an engine of its own between the two sides. Each side then has another
 * pair of fingerprints, and the attacker needs both to show the same words. If the code depended on fingerprints alone, the
 * attacker would try certificates: 2^32 hashes, a second's work for one graphics card, or 2^16 of each kind where it may choose
 * both. A slow derivation (scrypt, 50 ms) would raise this to seven years of one core, and 2^17 derivations, two hours, where
 * it may choose both. So each side also adds a random nonce, as ZRTP does (RFC 6189 section 4.4.1.1). The offerer commits
 * itself to its nonce with the offer, and the answerer sends its own with the answer. The offerer reveals its nonce last.
 * The attacker must then fix its fingerprint and its nonce toward each side before it knows that side's nonce. It has one
 * guess for each exchange: 1 in 2^32, however many computers it has. Another guess needs another exchange, which changes the
 * code or stays without one, and a call allows few of them (`CheckExchange`).
 *
 * It shows nothing until two people compare it, by voices that they know. It does not protect from a program at one end that
 * shows a false code, such as the host's page, or from someone who imitates a voice. Signal and WhatsApp compare long-lived
 * keys once, with 200 bits and without a commitment; this code is of one connection and must be compared in the call.
 * @returns words separated by spaces
 */
export function checkCode(input: CheckInput): string {
  const { callId, offererFingerprint, answererFingerprint, offererNonce, answererNonce } = input;
  const fingerprints = [offererFingerprint, answererFingerprint];
  const hash = hashOf([CODE_LABEL, callId, ...fingerprints, offererNonce, answererNonce]);
  return [...hash.subarray(0, CODE_WORDS)].map((byte) => CHECK_WORDS[byte] ?? "").join(" ");
}
