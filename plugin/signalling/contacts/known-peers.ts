// The peers that we know: who they are and whether they are connected. Bounded, since anybody on the network can make
// us know peers; opens no connections itself.

import type { Contact } from "../../../rpc-schema/index.ts";
import type { PeerAddress } from "../node.ts";
import { MAX_ADDRESSES_PER_CONTACT, MAX_CONTACTS } from "../timings.ts";

/** given: by settings or by the user; found: by mDNS or its presence; caller: it sent us a signal. */
export type Origin = "given" | "found" | "caller";

/** What a peer says of itself. What it leaves out stays as it was. */
export interface About {
  readonly label?: string;
  readonly videoDisabled?: boolean;
}

interface Known {
  label: string | undefined;
  videoDisabled: boolean;
  addresses: readonly string[];
  isReachable: boolean;
  isGiven: boolean;
}

/** `onChange` gets the whole list, and only when it differs from the last one told. */
export class KnownPeers {
  readonly #known = new Map<string, Known>();
  readonly #onChange: (contacts: Contact[]) => void;
  #last = "[]";

  constructor(onChange: (contacts: Contact[]) => void) {
    this.#onChange = onChange;
  }

  has(peerId: string): boolean {
    return this.#known.has(peerId);
  }

  /** False for a peer that is not in the list. */
  isGiven(peerId: string): boolean {
    return this.#known.get(peerId)?.isGiven ?? false;
  }

  /** Without addresses for an unknown peer: a connection that is there may still serve. */
  address(peerId: string): PeerAddress {
    return { peerId, addresses: this.#known.get(peerId)?.addresses ?? [] };
  }

  /** The contact as the host sees it; undefined for an unknown peer. */
  get(peerId: string): Contact | undefined {
    const known = this.#known.get(peerId);
    return known && asContact(peerId, known);
  }

  list(): Contact[] {
    return [...this.#known].map(([peerId, known]) => asContact(peerId, known));
  }

  /** Adds a peer or its addresses. False when the list is full of contacts that are worth more. */
  note(peer: PeerAddress, origin: Origin, isReachable: boolean): boolean {
    const known = this.#known.get(peer.peerId);
    if (!known && !this.#makeRoom()) return false;
    this.#known.set(peer.peerId, {
      label: known?.label,
      videoDisabled: known?.videoDisabled ?? false,
      // Newest first: an address heard just now is likelier to be right.
      addresses: [...new Set([...peer.addresses, ...(known?.addresses ?? [])])].slice(
        0,
        MAX_ADDRESSES_PER_CONTACT,
      ),
      isReachable,
      isGiven: origin === "given" || (known?.isGiven ?? false),
    });
    this.#tell();
    return true;
  }

  setReachable(peerId: string, isReachable: boolean): void {
    const known = this.#known.get(peerId);
    if (!known) return;
    known.isReachable = isReachable;
    this.#tell();
  }

  /** An unknown peer stays unknown. */
  describe(peerId: string, { label, videoDisabled }: About): void {
    const known = this.#known.get(peerId);
    if (!known) return;
    known.label = label ?? known.label;
    known.videoDisabled = videoDisabled ?? known.videoDisabled;
    this.#tell();
  }

  /** Takes out a peer that nobody named and that is not connected. */
  forget(peerId: string): void {
    const known = this.#known.get(peerId);
    if (!known || known.isGiven || known.isReachable) return;
    this.#known.delete(peerId);
    this.#tell();
  }

  #makeRoom(): boolean {
    if (this.#known.size < MAX_CONTACTS) return true;
    for (const [peerId, known] of this.#known) {
      if (known.isGiven || known.isReachable) continue;
      this.#known.delete(peerId);
      return true;
    }
    return false;
  }

  #tell(): void {
    const contacts = this.list();
    const text = JSON.stringify(contacts);
    if (text === this.#last) return;
    this.#last = text;
    this.#onChange(contacts);
  }
}

function asContact(peerId: string, known: Known): Contact {
  // The end of a peer id tells peers apart; all begin alike.
  const label = known.label || peerId.slice(-8);
  return {
    peerId,
    label,
    addresses: [...known.addresses],
    reachable: known.isReachable,
    videoDisabled: known.videoDisabled,
  };
}
