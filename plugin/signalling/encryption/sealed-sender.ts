// Decides for each signal whether it is encrypted. A peer that restarted may have lost our key: it acknowledges what it cannot
// decrypt, and a call would never ring. So a call request is encrypted only if the peer proved that it has our key.

import type { Signal } from "../../../rpc-schema/index.ts";
import { withDeadline } from "../../common/deadline.ts";
import { errorText } from "../../common/error-text.ts";
import type { Log } from "../../log.ts";
import type { KeyProof, KeyProofs, ProofWait } from "./key-proofs.ts";

interface SealedSenderOptions {
  readonly proofs: KeyProofs;
  /** Whether our keys allow to encrypt for the peer. */
  canSeal(peerId: string): boolean;
  seal(peerId: string, signal: Signal): unknown;
  /** Resolves when the peer acknowledged the message. */
  deliver(peerId: string, callId: string, payload: unknown, abort: AbortSignal): Promise<void>;
  /** Sends our identity with our key. Resolves when the peer acknowledged it. */
  sendIdentity(peerId: string, abort: AbortSignal): Promise<void>;
  /** Requests the peer's identity. Resolves when the peer acknowledged the request. */
  requestIdentity(peerId: string, abort: AbortSignal): Promise<void>;
  readonly keyCheckMs: number;
  readonly log: Log;
}

export class SealedSender {
  readonly #options: SealedSenderOptions;

  constructor(options: SealedSenderOptions) {
    this.#options = options;
  }

  /** @throws the errors of `deliver`, or the signal's reason */
  async send(peerId: string, callId: string, signal: Signal, abort: AbortSignal): Promise<void> {
    const { proofs, canSeal } = this.#options;
    if (signal.type !== "call-request" || !canSeal(peerId)) {
      await this.#deliver(peerId, callId, signal, abort);
    } else if (proofs.get(peerId) === "proven") {
      await this.#sendAndCheck(peerId, callId, signal, abort);
    } else {
      await this.#checkAndSend(peerId, callId, signal, abort);
    }
  }

  /** Without evidence, the request is plain. The identity is acknowledged first, so a peer that listens answers with our key. */
  async #checkAndSend(peerId: string, callId: string, signal: Signal, abort: AbortSignal): Promise<void> {
    const { proofs, sendIdentity } = this.#options;
    const wait = proofs.waitFor(peerId);
    try {
      await this.#check(peerId, wait, abort, async (limit) => sendIdentity(peerId, limit));
    } finally {
      wait.end();
    }
    await this.#deliver(peerId, callId, signal, abort);
  }

  /**
   * Repeats the request if the peer lost our key since its proof, and thus could not read the first copy. If the peer restarted
   * or received our key in the meantime, its answer does not tell, and the request is repeated too. A peer that reads both copies
   * recognizes the call's id.
   */
  async #sendAndCheck(peerId: string, callId: string, signal: Signal, abort: AbortSignal): Promise<void> {
    const { proofs } = this.#options;
    const wait = proofs.waitFor(peerId);
    try {
      await this.#deliver(peerId, callId, signal, abort);
      // The key must not be sent before the answer, since the answer would then prove nothing about the request.
      await this.#check(peerId, wait, abort, async () => undefined);
    } finally {
      wait.end();
    }
    if (wait.isOutdated || proofs.get(peerId) !== "proven")
      await this.#deliver(peerId, callId, signal, abort);
  }

  /** Asks the peer for evidence. Records that it lacks our key if none arrives in time. */
  async #check(
    peerId: string,
    wait: ProofWait,
    abort: AbortSignal,
    prepare: (limit: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const { proofs, requestIdentity, keyCheckMs, log } = this.#options;
    try {
      await withDeadline(keyCheckMs, abort, "the evidence", (limit) => {
        const asking = prepare(limit).then(() => {
          wait.isIdentityRequested = true;
          return requestIdentity(peerId, limit);
        });
        // An answer may arrive before the acknowledgement, and an error must not hide an answer.
        return Promise.race([wait.evidence, asking.then(() => wait.evidence)]);
      });
    } catch (error) {
      abort.throwIfAborted();
      log("debug", `${peerId} did not prove that it has our key: ${errorText(error)}`);
      proofs.record(peerId, "lacking");
    }
  }

  #deliver(peerId: string, callId: string, signal: Signal, abort: AbortSignal): Promise<void> {
    const { proofs, canSeal, seal, deliver } = this.#options;
    const isSealed = canSeal(peerId) && this.#isExpectedToOpen(proofs.get(peerId), signal);
    return deliver(peerId, callId, isSealed ? seal(peerId, signal) : signal, abort);
  }

  /** Messages after the request answer the peer, so they are plain only after evidence that the peer lost our key. */
  #isExpectedToOpen(proof: KeyProof | undefined, signal: Signal): boolean {
    return signal.type === "call-request" ? proof === "proven" : proof !== "lacking";
  }
}
