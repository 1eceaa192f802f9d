// What a test has received and not looked at yet.

const WAIT_MS = 30_000;

/** A queue from which a test takes matching items, waiting for them if necessary. */
export class AwaitableQueue<T> {
  #items: T[] = [];
  readonly #waitMs: number;
  #waiting: { fits: (one: T) => boolean; resolve: (one: T) => void }[] = [];

  /** @param waitMs how long `take` waits; the default is far above what any host needs */
  constructor(waitMs = WAIT_MS) {
    this.#waitMs = waitMs;
  }

  get waiting(): readonly T[] {
    return this.#items;
  }

  add(one: T): void {
    const waiter = this.#waiting.find(({ fits }) => fits(one));
    if (!waiter) return void this.#items.push(one);
    this.#waiting = this.#waiting.filter((other) => other !== waiter);
    waiter.resolve(one);
  }

  take(fits: (one: T) => boolean, what: string): Promise<T> {
    const found = this.#items.findIndex(fits);
    if (found >= 0) return Promise.resolve(this.#items.splice(found, 1)[0] as T);
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const waiter = { fits, resolve };
    this.#waiting.push(waiter);
    const timer = setTimeout(() => {
      reject(new Error(`${what} did not arrive; instead: ${JSON.stringify(this.#items.slice(0, 10))}`));
    }, this.#waitMs);
    return promise.finally(() => clearTimeout(timer));
  }
}
