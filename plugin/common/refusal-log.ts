// Logs what was refused: one line a minute at most for each reason, however often it happens.

import { listPageRefusals, type TurnedAway } from "./refusals.ts";

const PERIOD_MS = 60_000;

/** `text` says what was refused, and `count` how often since the start. */
export interface RefusedSoFar {
  readonly reason: string;
  readonly count: number;
  readonly text: string;
}

interface RefusalLogOptions {
  list(): readonly RefusedSoFar[];
  write(message: string): void;
  /** Something was refused since the last time. */
  onChange?(): void;
}

/** Compares the counts once a minute until `close`, which logs the last ones. */
export class RefusalLog {
  readonly #options: RefusalLogOptions;
  readonly #logged = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;
  #isClosed = false;

  constructor(options: RefusalLogOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#compare(), PERIOD_MS).unref();
  }

  /** Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#compare();
  }

  #compare(): void {
    const changed = this.#options.list().filter(({ reason, count }) => count !== this.#logged.get(reason));
    for (const { reason, count, text } of changed) {
      const more = count - (this.#logged.get(reason) ?? 0);
      this.#logged.set(reason, count);
      this.#options.write(`refused ${more} more, ${count} in all: ${text}`);
    }
    if (changed.length > 0) this.#options.onChange?.();
  }
}

/** For a loopback server of a host. The caller closes it. */
export function logPageRefusals(turnedAway: () => TurnedAway, log: (line: string) => void): RefusalLog {
  return new RefusalLog({
    list: () => listPageRefusals(turnedAway()),
    write: (message) => log(`host: ${message}`),
  });
}
