// The pages that subscribe to the plugin's charts. For the plugin, the host is one subscriber. When a second page joins, the
// plugin repeats all states, and the first page treats the repetition as no change.

export class ChartSubscribers<Page> {
  readonly #pages = new Set<Page>();

  get all(): Iterable<Page> {
    return this.#pages;
  }

  join(page: Page): void {
    this.#pages.add(page);
  }

  /** @returns whether the last subscriber has left */
  leave(page: Page): boolean {
    return this.#pages.delete(page) && this.#pages.size === 0;
  }

  clear(): void {
    this.#pages.clear();
  }
}
