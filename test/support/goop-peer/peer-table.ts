// Whom a peer knows and what of them, in the host's way: keys and the flag of encryption stay once they were seen
// [2.5, 4.2, 4.3]. It must not know how anything was learned.

export interface KnownPeer {
  readonly id: string;
  content: string;
  videoDisabled: boolean;
  publicKey: string;
  encryptionSupported: boolean;
  reachable: boolean;
  offline: boolean;
  lastSeen: number;
  addrs: readonly string[];
}

export interface PeerUpdate {
  readonly content?: string | undefined;
  readonly videoDisabled?: boolean | undefined;
  readonly publicKey?: string | undefined;
  readonly encryptionSupported?: boolean | undefined;
  readonly addrs?: readonly string[] | undefined;
}

export class PeerTable {
  readonly #peers = new Map<string, KnownPeer>();
  readonly #waiting = new Set<() => void>();

  all(): KnownPeer[] {
    return [...this.#peers.values()];
  }

  find(id: string): KnownPeer | undefined {
    return this.#peers.get(id);
  }

  /** What is left out of presence means empty or false; key and flag of encryption are kept. */
  learn(id: string, learned: PeerUpdate): void {
    const before = this.#peers.get(id);
    this.#peers.set(id, {
      id,
      content: learned.content ?? "",
      videoDisabled: learned.videoDisabled ?? false,
      publicKey: learned.publicKey || (before?.publicKey ?? ""),
      encryptionSupported: learned.encryptionSupported || (before?.encryptionSupported ?? false),
      reachable: before?.reachable ?? false,
      offline: false,
      lastSeen: Date.now(),
      addrs: learned.addrs ?? before?.addrs ?? [],
    });
    this.#tell();
  }

  change(id: string, what: Partial<Pick<KnownPeer, "offline" | "reachable">>): void {
    const peer = this.#peers.get(id);
    if (peer) Object.assign(peer, what);
    this.#tell();
  }

  /** [4.3] Whoever was not heard for so long is offline. */
  prune(ttlMs: number): void {
    for (const peer of this.#peers.values()) {
      if (!peer.offline && Date.now() - peer.lastSeen > ttlMs) this.change(peer.id, { offline: true });
    }
  }

  /** Resolves once a peer is as asked for. @throws Error with what is known of it after the limit */
  async until(id: string, fits: (peer: KnownPeer) => boolean, limitMs = 20_000): Promise<KnownPeer> {
    const { promise, resolve, reject } = Promise.withResolvers<KnownPeer>();
    const timer = setTimeout(() => {
      reject(new Error(`peer ${id} is not as expected: ${JSON.stringify(this.#peers.get(id) ?? null)}`));
    }, limitMs);
    const check = () => {
      const peer = this.#peers.get(id);
      if (peer && fits(peer)) resolve(peer);
    };
    this.#waiting.add(check);
    check();
    return promise.finally(() => {
      clearTimeout(timer);
      this.#waiting.delete(check);
    });
  }

  #tell(): void {
    for (const check of [...this.#waiting]) check();
  }
}
