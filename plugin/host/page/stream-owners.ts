// Maps each frame stream to its page. A stream's first frames can arrive together with the answer that names it, before its
// owner is known. They are held until then.

/** The largest credit of one subscription: the plugin never has more unacknowledged frames. */
const MAX_HELD_PER_REQUEST = 8;

export interface StreamOwners<Page> {
  /** Call this before sending frames.subscribe. Settle the returned claim exactly once. */
  claim(page: Page): Claim;
  /** @returns the stream's page. When it is undefined, the line is held, or dropped if no claim is open */
  route(stream: string, line: Buffer): Page | undefined;
  /** False for a stream that has ended. */
  isOwner(stream: string, page: Page): boolean;
  forget(stream: string): void;
  /** Forgets a page that has closed. @returns its streams, which the caller must unsubscribe */
  release(page: Page): string[];
  /** The plugin has ended, and all its streams with it. */
  clear(): void;
}

export interface Claim {
  /** The answer has arrived. @returns the frames that arrived before it, in order */
  settle(stream: string): Buffer[];
  /** The answer was an error. Frames that were held for it are dropped. */
  fail(): void;
}

export function createStreamOwners<Page>(): StreamOwners<Page> {
  const owners = new Map<string, Page>();
  let held: { stream: string; line: Buffer }[] = [];
  let openClaims = 0;

  function closeClaim(): void {
    openClaims -= 1;
    if (openClaims === 0) held = [];
  }

  return {
    claim(page) {
      openClaims += 1;
      return {
        settle(stream) {
          owners.set(stream, page);
          const early = held.filter((one) => one.stream === stream).map(({ line }) => line);
          held = held.filter((one) => one.stream !== stream);
          closeClaim();
          return early;
        },
        fail: closeClaim,
      };
    },
    route(stream, line) {
      const owner = owners.get(stream);
      if (owner === undefined && held.length < openClaims * MAX_HELD_PER_REQUEST) held.push({ stream, line });
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
