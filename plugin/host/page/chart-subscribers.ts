// Which pages watch the plugin's charts. The plugin knows one watcher, its host; a second page makes it tell anew how
// everything stands, and the pages that watch already take that as nothing new.

export class ChartSubscribers<Page> {
  readonly #pages = new Set<Page>();

  get all(): Iterable<Page> {
    return this.#pages;
  }

  join(page: Page): void {
    this.#pages.add(page);
  }

  /** @returns whether it was the last one */
  leave(page: Page): boolean {
    return this.#pages.delete(page) && this.#pages.size === 0;
  }

  clear(): void {
    this.#pages.clear();
  }
}
