// One negotiation at a time. Changes of our own terms are exchanges within this engine. They and real negotiations wait for each
// other, because neither may fail of the other.

import { errorText } from "../../common/error-text.ts";
import { PeerError } from "../peer.ts";

export interface NegotiationTurnsOptions {
  /** Aborts when the peer is closed. */
  readonly signal: AbortSignal;
  signalingState(): string;
  /** Around each negotiation. */
  onBegin(): void;
  onEnd(): void;
}

export class NegotiationTurns {
  readonly #options: NegotiationTurnsOptions;
  #current: string | null = null;
  /** Settle when the newest negotiation or change has ended. */
  #ended: Promise<unknown> = Promise.resolve();
  #changed: Promise<unknown> = Promise.resolve();

  constructor(options: NegotiationTurnsOptions) {
    this.#options = options;
  }

  /**
   * Runs in the allowed signalling states only (W3C webrtc-pc section 4.3.1).
   * @throws PeerError when closed, during another negotiation, in another state, or when the work fails
   */
  take<T>(operation: string, allowed: readonly string[], work: () => Promise<T>): Promise<T> {
    const taken = this.#changed.then(() => this.#run(operation, allowed, work));
    this.#ended = Promise.allSettled([this.#ended, taken]);
    return taken;
  }

  /** @throws PeerError when closed, in another state than stable, or when the work fails */
  change(operation: string, work: () => Promise<void>): Promise<void> {
    const free = Promise.all([this.#changed, this.#ended]);
    const changed = free.then(() => this.#run(operation, ["stable"], work));
    this.#changed = changed.catch(() => undefined);
    return changed;
  }

  async #run<T>(operation: string, allowed: readonly string[], work: () => Promise<T>): Promise<T> {
    const { signal, signalingState } = this.#options;
    if (signal.aborted) throw new PeerError(`${operation}: the peer was closed`);
    if (this.#current !== null) throw new PeerError(`${operation}: ${this.#current} is still in progress`);
    const state = signalingState();
    if (!allowed.includes(state)) {
      throw new PeerError(`${operation}: the signalling state is ${state}; expected ${allowed.join(" or ")}`);
    }
    this.#current = operation;
    this.#options.onBegin();
    try {
      return await work();
    } catch (cause) {
      throw cause instanceof PeerError
        ? cause
        : new PeerError(`${operation}: ${errorText(cause)}`, { cause });
    } finally {
      this.#current = null;
      this.#options.onEnd();
    }
  }
}
