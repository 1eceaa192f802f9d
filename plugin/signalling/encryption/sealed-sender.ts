// Decides for each signal whether it is encrypted. A peer that restarted may have lost our key: it acknowledges what it cannot
// decrypt, and a call would never ring or end there. So a signal is encrypted only if the peer proved that it has our key.

import type { Signal } from "../../../rpc-schema/index.ts";
import { withDeadline } from "../../common/deadline.ts";
import { errorText } from "../../common/error-text.ts";
import type { Log } from "../../log.ts";
import type { KeyProofs, ProofWait } from "./key-proofs.ts";

interface SealedSenderOptions {
  readonly proofs: KeyProofs;
  /** Whether our keys allow to encrypt for the peer. */
  canSeal(peerId: string): boolean;
  seal(peerId: string, signal: Signal): unknown;
  /**
   * Resolves when the peer acknowledged the message.
   * @param payload called for each attempt, since the peer may restart between two attempts
   */
  deliver(peerId: string, callId: string, payload: () => unknown, abort: AbortSignal): Promise<void>;
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
    const { proofs, canSeal, deliver } = this.#options;
    const isRequest = signal.type === "call-request";
    if (isRequest && canSeal(peerId) && proofs.get(peerId) !== "proven") await this.#check(peerId, abort);
    await deliver(peerId, callId, () => this.#payload(peerId, signal), abort);
  }

  /**
   * A hang-up is always plain. It may be the first message after the peer lost our key, and nothing would show that it was not
   * read. It holds no more than its topic, which is plain anyway, and a reason.
   */
  #payload(peerId: string, signal: Signal): unknown {
    const { proofs, canSeal, seal } = this.#options;
    const isSealed = signal.type !== "call-hangup" && canSeal(peerId) && proofs.get(peerId) === "proven";
    return isSealed ? seal(peerId, signal) : signal;
  }

  /**
   * Asks the peer for evidence. Our identity is acknowledged first, so a peer that listens answers with our key. Records that
   * the peer lacks our key if no evidence arrives in time.
   */
  async #check(peerId: string, abort: AbortSignal): Promise<void> {
    const { proofs, keyCheckMs, log } = this.#options;
    const wait = proofs.waitFor(peerId);
    try {
      await withDeadline(keyCheckMs, abort, "the evidence", (limit) => {
        // An answer may arrive before the acknowledgement, and an error must not hide an answer.
        const asking = this.#ask(peerId, wait, limit).then(() => wait.evidence);
        return Promise.race([wait.evidence, asking]);
      });
    } catch (error) {
      abort.throwIfAborted();
      log("debug", `${peerId} did not prove that it has our key: ${errorText(error)}`);
      proofs.record(peerId, "lacking");
    } finally {
      wait.end();
    }
  }

  async #ask(peerId: string, wait: ProofWait, limit: AbortSignal): Promise<void> {
    await this.#options.sendIdentity(peerId, limit);
    wait.isIdentityRequested = true;
    await this.#options.requestIdentity(peerId, limit);
  }
}
