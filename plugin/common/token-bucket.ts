// A rate limit: a burst of actions, then a fixed number a second.

export class TokenBucket {
  readonly #burst: number;
  readonly #perSecond: number;
  readonly #now: () => number;
  #left: number;
  #countedAtMs: number;

  /**
   * Starts full.
   * @param burst the largest number of tokens
   * @param perSecond tokens that are added each second, up to the burst
   * @param now a monotonic clock in milliseconds
   */
  constructor(burst: number, perSecond: number, now: () => number = () => performance.now()) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#now = now;
    this.#left = burst;
    this.#countedAtMs = now();
  }

  /** @returns whether `take` would succeed now */
  canTake(): boolean {
    this.#refill();
    return this.#left >= 1;
  }

  /** Uses one token. @returns false, and uses none, if less than one is left */
  take(): boolean {
    if (!this.canTake()) return false;
    this.#left -= 1;
    return true;
  }

  /** Uses tokens even if they are not left, so that the next ones come later. @param tokens may be a fraction */
  charge(tokens: number): void {
    this.#refill();
    this.#left -= tokens;
  }

  /** @returns milliseconds until `take` succeeds; 0 if it would now */
  waitMs(): number {
    this.#refill();
    return Math.max(0, Math.ceil(((1 - this.#left) / this.#perSecond) * 1_000));
  }

  #refill(): void {
    const nowMs = this.#now();
    this.#left = Math.min(this.#burst, this.#left + ((nowMs - this.#countedAtMs) / 1_000) * this.#perSecond);
    this.#countedAtMs = nowMs;
  }
}
