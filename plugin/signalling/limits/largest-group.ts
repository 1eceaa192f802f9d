// Finds the heaviest user of what is limited.

/** @returns the largest group of those with the same key, in their order; the first one of equals, and empty without any */
export function largestGroup<T>(all: readonly T[], keyOf: (one: T) => string): readonly T[] {
  const groups = [...Map.groupBy(all, keyOf).values()];
  return groups.reduce<readonly T[]>(
    (largest, group) => (group.length > largest.length ? group : largest),
    [],
  );
}
