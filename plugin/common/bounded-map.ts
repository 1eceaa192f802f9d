// A map with a bound on what it holds, for keys that strangers choose.

/** When the map is full, the entry that was set longest ago makes room. */
export class BoundedMap<Key, Value> {
  readonly #entries = new Map<Key, Value>();
  readonly #max: number;

  /** @param max number of entries, at least 1 */
  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: Key): Value | undefined {
    return this.#entries.get(key);
  }

  has(key: Key): boolean {
    return this.#entries.has(key);
  }

  /** Makes this entry the newest, also where the key is there already. @returns the entry that made room, if any */
  set(key: Key, value: Value): [Key, Value] | undefined {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#max) return undefined;
    const [oldest] = this.#entries;
    if (oldest) this.#entries.delete(oldest[0]);
    return oldest;
  }

  /** @returns false when there was no such entry */
  delete(key: Key): boolean {
    return this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  /** The oldest entry first. */
  entries(): MapIterator<[Key, Value]> {
    return this.#entries.entries();
  }

  /** The oldest key first. */
  keys(): MapIterator<Key> {
    return this.#entries.keys();
  }

  /** The value of the oldest entry first. */
  values(): MapIterator<Value> {
    return this.#entries.values();
  }
}
