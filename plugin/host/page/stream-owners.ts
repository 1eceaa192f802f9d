// Which page a picture stream belongs to. A stream's first pictures can be read in the same moment as the answer that
// names it, before anybody could note its owner; those wait here. Knows neither sockets nor the plugin.

/** As many as the largest credit of one subscription: the plugin never has more under way. */
const MAX_HELD_PER_REQUEST = 8;

export interface StreamOwners<Page> {
  /** Call before frames.subscribe is sent. Settle the returned claim exactly once. */
  claim(page: Page): Claim;
  /** @returns the stream's page, or undefined: then the line is held or, with nobody asking, dropped */
  route(stream: string, line: Buffer): Page | undefined;
  /** False for a stream that has ended. */
  isOwner(stream: string, page: Page): boolean;
  /** Later lines of it have nobody to go to. */
  forget(stream: string): void;
  /** Forgets a page that has gone. @returns its streams, which the plugin must be told to end */
  release(page: Page): string[];
  /** The plugin is gone, and all of its streams. */
  clear(): void;
}

export interface Claim {
  /** The answer came. @returns pictures that came before it, in order */
  settle(stream: string): Buffer[];
  /** The answer was an error: what was held for it may go. */
  fail(): void;
}

export function createStreamOwners<Page>(): StreamOwners<Page> {
  const owners = new Map<string, Page>();
  let held: { stream: string; line: Buffer }[] = [];
  let asking = 0;

  function answered(): void {
    asking -= 1;
    if (asking === 0) held = [];
  }

  return {
    claim(page) {
      asking += 1;
      return {
        settle(stream) {
          owners.set(stream, page);
          const early = held.filter((one) => one.stream === stream).map(({ line }) => line);
          held = held.filter((one) => one.stream !== stream);
          answered();
          return early;
        },
        fail: answered,
      };
    },
    route(stream, line) {
      const owner = owners.get(stream);
      if (owner === undefined && held.length < asking * MAX_HELD_PER_REQUEST) held.push({ stream, line });
      return owner;
    },
    isOwner: (stream, page) => owners.get(stream) === page,
    forget: (stream) => void owners.delete(stream),
    release(page) {
      const streams = [...owners].filter(([, owner]) => owner === page).map(([stream]) => stream);
      for (const stream of streams) owners.delete(stream);
      return streams;
    },
    clear() {
      owners.clear();
      held = [];
    },
  };
}
