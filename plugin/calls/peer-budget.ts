// How often something may be done for one peer: a few times at once, then once in a while. Whatever one peer does, it
// uses up its own share only. Holds a bounded number of peers.

/** A peer that falls out has its whole budget again, so it takes this many peers to cheat. */
const MAX_PEERS = 256;

export interface BudgetOptions {
  /** How often at once. */
  readonly burst: number;
  /** Milliseconds until one more is allowed. */
  readonly refillMs: number;
  /** A clock that only moves forwards, in milliseconds. */
  nowMs(): number;
}

interface Account {
  readonly left: number;
  readonly atMs: number;
}

export class PeerBudget {
  readonly #options: BudgetOptions;
  /** Those used last are last. A peer that is not in here has everything left. */
  readonly #accounts = new Map<string, Account>();

  constructor(options: BudgetOptions) {
    this.#options = options;
  }

  /** Peers that are held. */
  get size(): number {
    return this.#accounts.size;
  }

  /** Whether `take` would succeed now. */
  allows(peerId: string): boolean {
    return this.#left(peerId) >= 1;
  }

  /** @returns false, with nothing taken, where nothing is left */
  take(peerId: string): boolean {
    const left = this.#left(peerId);
    if (left < 1) return false;
    this.#accounts.delete(peerId);
    this.#accounts.set(peerId, { left: left - 1, atMs: this.#options.nowMs() });
    const [oldest] = this.#accounts.keys();
    if (this.#accounts.size > MAX_PEERS && oldest !== undefined) this.#accounts.delete(oldest);
    return true;
  }

  /** The peer has its whole budget again. */
  restore(peerId: string): void {
    this.#accounts.delete(peerId);
  }

  #left(peerId: string): number {
    const { burst, refillMs, nowMs } = this.#options;
    const account = this.#accounts.get(peerId);
    if (!account) return burst;
    return Math.min(burst, account.left + (nowMs() - account.atMs) / refillMs);
  }
}
