// Counts what the plugin refuses, in one place for the whole process. Parts that count for themselves are read, the others
// report each refusal.

import { REFUSAL_TEXTS, type Refusal, type RefusalReason } from "../../rpc-schema/index.ts";

/** How often, since the start of the counting part. Absent: never. */
export type RefusalCounts = Readonly<Partial<Record<RefusalReason, number>>>;

/** One refusal. Must not throw. */
export type OnRefused = (reason: RefusalReason) => void;

/** What a loopback server turned away so far. */
export interface TurnedAway {
  /** Connections that made room for others. */
  readonly closed: number;
  /** Requests without the right Host, Origin or token, and those above a limit. */
  readonly refused: number;
}

/** The same under the reasons of the contract. */
export function pageRefusals({ refused, closed }: TurnedAway): RefusalCounts {
  return { page: refused, pageConnection: closed };
}

/** As `Refusals.list`, of a loopback server that belongs to no plugin. */
export function listPageRefusals(turnedAway: TurnedAway): Refusal[] {
  const refusals = new Refusals();
  refusals.include(() => pageRefusals(turnedAway));
  return refusals.list();
}

const REASONS = Object.keys(REFUSAL_TEXTS) as RefusalReason[];

export class Refusals {
  readonly #counted = new Map<RefusalReason, number>();
  readonly #sources: (() => RefusalCounts)[] = [];

  /** Counts one. Bound, so that it can be passed on. */
  readonly count: OnRefused = (reason) => {
    this.#counted.set(reason, (this.#counted.get(reason) ?? 0) + 1);
  };

  /** Adds a part that counts for itself. @param counts must never fall */
  include(counts: () => RefusalCounts): void {
    this.#sources.push(counts);
  }

  /** The reasons that occurred, in the order of the contract. */
  list(): Refusal[] {
    const parts = this.#sources.map((counts) => counts());
    return REASONS.flatMap((reason) => {
      const count = parts.reduce((sum, part) => sum + (part[reason] ?? 0), this.#counted.get(reason) ?? 0);
      return count === 0 ? [] : [{ reason, count, text: REFUSAL_TEXTS[reason] }];
    });
  }
}
