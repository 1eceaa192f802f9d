// The median of the last n values. Adding a value allocates nothing; reading sorts a copy of the window.

export interface MedianWindow {
  add(value: number): void;
  /** Null while empty. */
  median(): number | null;
}

/** @param size how many of the newest values count */
export function createMedianWindow(size: number): MedianWindow {
  const values = new Float64Array(size);
  let added = 0;
  return {
    add(value) {
      values[added % size] = value;
      added += 1;
    },
    median() {
      const count = Math.min(added, size);
      if (count === 0) return null;
      return values.slice(0, count).sort()[count >> 1] ?? null;
    },
  };
}
