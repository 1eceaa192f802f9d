// The trend of a figure over the rounds of a soak. Both methods use ranks or medians, so single peaks do not count.

import { median } from "../bench/figures.ts";

export interface Trend {
  /** From the first to the last round, along the robust line; in the figure's unit. */
  readonly rise: number;
  /** Whether noise alone would give such an order in fewer than one of twenty runs. */
  readonly isCertain: boolean;
}

/** One-sided, 5 %: quantile of the standard normal distribution. */
const CERTAIN_Z = 1.645;
/** With three, even a steady rise could be noise. */
export const MIN_TREND_ROUNDS = 4;

/**
 * The slope is that of Theil and Sen: the median of the slopes between all pairs of rounds. Whether it is certain says the
 * test of Mann and Kendall, with the correction for equal values. Either alone gives false alarms: a slope of few rounds, or
 * a certain but tiny rise.
 *
 * @param values one for each round, in order; at least MIN_TREND_ROUNDS
 */
export function trendOf(values: readonly number[]): Trend {
  if (values.length < MIN_TREND_ROUNDS) {
    throw new RangeError(`values: ${values.length} rounds, expected ${MIN_TREND_ROUNDS} at least`);
  }
  const pairs = values.flatMap((later, index) =>
    values.slice(0, index).map((earlier, before) => ({ change: later - earlier, rounds: index - before })),
  );
  const slope = median(pairs.map(({ change, rounds }) => change / rounds));
  const score = pairs.reduce((sum, { change }) => sum + Math.sign(change), 0);
  const spread = Math.sqrt(varianceOfScore(values));
  // The score is a whole number, so one is taken off for continuity.
  const z = spread === 0 ? 0 : Math.max(0, Math.abs(score) - 1) / spread;
  return { rise: slope * (values.length - 1), isCertain: z > CERTAIN_Z };
}

/** Of Kendall's score if the order were chance. */
function varianceOfScore(values: readonly number[]): number {
  const term = (count: number) => count * (count - 1) * (2 * count + 5);
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const ties = [...counts.values()].reduce((sum, count) => sum + term(count), 0);
  return (term(values.length) - ties) / 18;
}
