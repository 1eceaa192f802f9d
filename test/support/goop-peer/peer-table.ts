// The peers that a peer knows. As in Goop², a key and the encryption flag stay once they were received [2.5, 4.2, 4.3].

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

  /** A missing field means empty or false, except for the key and the encryption flag. */
  learn(id: string, update: PeerUpdate): void {
    const before = this.#peers.get(id);
    this.#peers.set(id, {
      id,
      content: update.content ?? "",
      videoDisabled: update.videoDisabled ?? false,
      publicKey: update.publicKey || (before?.publicKey ?? ""),
      encryptionSupported: update.encryptionSupported || (before?.encryptionSupported ?? false),
      reachable: before?.reachable ?? false,
      offline: false,
      lastSeen: Date.now(),
      addrs: update.addrs ?? before?.addrs ?? [],
    });
    this.#notify();
  }

  forgetKey(id: string): void {
    const peer = this.#peers.get(id);
    if (peer) Object.assign(peer, { publicKey: "" });
    this.#notify();
  }

  change(id: string, change: Partial<Pick<KnownPeer, "offline" | "reachable">>): void {
    const peer = this.#peers.get(id);
    if (peer) Object.assign(peer, change);
    this.#notify();
  }

  /** [4.3] A peer without presence for this long is offline. */
  prune(ttlMs: number): void {
    for (const peer of this.#peers.values()) {
      if (!peer.offline && Date.now() - peer.lastSeen > ttlMs) this.change(peer.id, { offline: true });
    }
  }

  /** Resolves when the peer fits. @throws Error with the peer's current entry after the limit */
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

  #notify(): void {
    for (const check of [...this.#waiting]) check();
  }
}
