// A map with a limit on its size, for keys that other peers or programs choose.

/** Setting an entry in a full map drops the entry that was set longest ago. */
export class BoundedMap<Key, Value> {
  readonly #entries = new Map<Key, Value>();
  readonly #max: number;

  /** @param max the number of entries, at least 1 */
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

  /** Makes this entry the newest, even if the key exists. @returns the dropped entry, if any */
  set(key: Key, value: Value): [Key, Value] | undefined {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#max) return undefined;
    const [oldest] = this.#entries;
    if (oldest) this.#entries.delete(oldest[0]);
    return oldest;
  }

  /** @returns false if there was no such entry */
  delete(key: Key): boolean {
    return this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  /** Entries, the oldest first. */
  entries(): MapIterator<[Key, Value]> {
    return this.#entries.entries();
  }

  /** Keys, the oldest first. */
  keys(): MapIterator<Key> {
    return this.#entries.keys();
  }

  /** Values, the oldest first. */
  values(): MapIterator<Value> {
    return this.#entries.values();
  }
}
