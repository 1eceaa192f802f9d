// How many incoming streams may be open. Each can hold a message of the largest size in memory. Known peers and strangers have
// a share each. In a full share the heaviest user loses its oldest stream to the newcomer. So streams that are held half-open
// go first, and a request that arrives whole is done long before.

import { largestGroup } from "./largest-group.ts";
import type { PeerClass, PeerSource } from "./peer-class.ts";

interface OpenStream extends PeerSource {
  onEvicted(error: Error): void;
}

export interface StreamBudgetOptions {
  /** Streams of each class. */
  readonly max: Readonly<Record<PeerClass, number>>;
  classOf(peerId: string): PeerClass;
}

export class StreamBudget {
  readonly #options: StreamBudgetOptions;
  /** The oldest first. */
  readonly #open: Readonly<Record<PeerClass, Set<OpenStream>>> = { known: new Set(), stranger: new Set() };
  #evicted = 0;

  constructor(options: StreamBudgetOptions) {
    this.#options = options;
  }

  /** The number of streams that were reset in favour of others. */
  get evicted(): number {
    return this.#evicted;
  }

  /** @param onEvicted must end the stream @returns ends the entry, when the stream has ended; idempotent */
  enter(source: PeerSource, onEvicted: (error: Error) => void): () => void {
    const of = this.#options.classOf(source.peerId);
    const open = this.#open[of];
    const stream = { ...source, onEvicted };
    open.add(stream);
    if (open.size > this.#options.max[of]) this.#evict(open, heaviest(open));
    return () => void open.delete(stream);
  }

  #evict(open: Set<OpenStream>, stream: OpenStream | undefined): void {
    if (!stream) return;
    open.delete(stream);
    this.#evicted += 1;
    stream.onEvicted(new Error("too many concurrent streams"));
  }
}

/** @returns the oldest stream of the heaviest peer at the heaviest address */
function heaviest(open: ReadonlySet<OpenStream>): OpenStream | undefined {
  const streams = [...open];
  const atAddress = largestGroup(streams, ({ address }) => address);
  return largestGroup(atAddress, ({ peerId }) => peerId)[0];
}
