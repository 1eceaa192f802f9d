// The list of known peers with their labels, addresses and reachability. Its size is limited, since any machine on the
// network can announce peers.

import type { Contact } from "../../../rpc-schema/index.ts";
import type { PeerAddress } from "../node.ts";
import { MAX_ADDRESSES_PER_CONTACT, MAX_CONTACTS } from "../timings.ts";

/** given: from the settings or the user; found: by mDNS or presence; caller: the peer sent a signal. */
export type Origin = "given" | "found" | "caller";

/** What a peer announces about itself. Omitted fields keep their value. */
interface PeerDescription {
  readonly label?: string;
  readonly videoDisabled?: boolean;
}

interface KnownPeer {
  label: string | undefined;
  videoDisabled: boolean;
  addresses: readonly string[];
  isReachable: boolean;
  isGiven: boolean;
}

/** `onChange` receives the whole list, and runs only if the list differs from the last one. */
export class KnownPeers {
  readonly #known = new Map<string, KnownPeer>();
  readonly #onChange: (contacts: Contact[]) => void;
  #lastReported = "[]";

  constructor(onChange: (contacts: Contact[]) => void) {
    this.#onChange = onChange;
  }

  has(peerId: string): boolean {
    return this.#known.has(peerId);
  }

  /** @returns false for an unknown peer */
  isGiven(peerId: string): boolean {
    return this.#known.get(peerId)?.isGiven ?? false;
  }

  /** Empty for an unknown peer, which may still have an open connection. */
  address(peerId: string): PeerAddress {
    return { peerId, addresses: this.#known.get(peerId)?.addresses ?? [] };
  }

  /** The contact as the host sees it, or undefined for an unknown peer. */
  get(peerId: string): Contact | undefined {
    const known = this.#known.get(peerId);
    return known && asContact(peerId, known);
  }

  all(): Contact[] {
    return [...this.#known].map(([peerId, known]) => asContact(peerId, known));
  }

  /** Adds a peer, or addresses of a known one. @returns false if no peer in the full list may be dropped */
  add(peer: PeerAddress, origin: Origin, isReachable: boolean): boolean {
    const known = this.#known.get(peer.peerId);
    if (!known && !this.#makeRoom()) return false;
    this.#known.set(peer.peerId, {
      label: known?.label,
      videoDisabled: known?.videoDisabled ?? false,
      // Newest first, because a newer address is more likely to work.
      addresses: [...new Set([...peer.addresses, ...(known?.addresses ?? [])])].slice(
        0,
        MAX_ADDRESSES_PER_CONTACT,
      ),
      isReachable,
      isGiven: origin === "given" || (known?.isGiven ?? false),
    });
    this.#reportChange();
    return true;
  }

  setReachable(peerId: string, isReachable: boolean): void {
    const known = this.#known.get(peerId);
    if (!known) return;
    known.isReachable = isReachable;
    this.#reportChange();
  }

  /** Ignored for an unknown peer. */
  describe(peerId: string, { label, videoDisabled }: PeerDescription): void {
    const known = this.#known.get(peerId);
    if (!known) return;
    known.label = label ?? known.label;
    known.videoDisabled = videoDisabled ?? known.videoDisabled;
    this.#reportChange();
  }

  /** Removes the peer, unless it was given or is connected. */
  forget(peerId: string): void {
    const known = this.#known.get(peerId);
    if (!known || known.isGiven || known.isReachable) return;
    this.#known.delete(peerId);
    this.#reportChange();
  }

  /** Drops the oldest peer that was not given and is not connected. */
  #makeRoom(): boolean {
    if (this.#known.size < MAX_CONTACTS) return true;
    for (const [peerId, known] of this.#known) {
      if (known.isGiven || known.isReachable) continue;
      this.#known.delete(peerId);
      return true;
    }
    return false;
  }

  #reportChange(): void {
    const contacts = this.all();
    const text = JSON.stringify(contacts);
    if (text === this.#lastReported) return;
    this.#lastReported = text;
    this.#onChange(contacts);
  }
}

function asContact(peerId: string, known: KnownPeer): Contact {
  // All peer ids begin alike, so the end distinguishes them.
  const label = known.label || peerId.slice(-8);
  return {
    peerId,
    label,
    addresses: [...known.addresses],
    reachable: known.isReachable,
    videoDisabled: known.videoDisabled,
  };
}
