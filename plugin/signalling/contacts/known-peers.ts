// The list of known peers with their labels, addresses and reachability. Its size is limited, since any machine on the
// network can announce peers.

import type { Contact } from "../../../rpc-schema/index.ts";
import type { PeerAddress } from "../node.ts";
import { MAX_ADDRESSES_PER_CONTACT, MAX_CONTACTS, MAX_STRANGERS_AMONG_CONTACTS } from "../timings.ts";

/** given: from the settings or the user; found: by mDNS or presence; caller: the peer sent a signal. */
export type Origin = "given" | "found" | "caller";

/** What a peer announces about itself. Omitted fields keep their value. */
interface PeerDescription {
  readonly label?: string;
  readonly videoDisabled?: boolean;
}

interface KnownPeer {
  readonly label: string | undefined;
  readonly videoDisabled: boolean;
  readonly addresses: readonly string[];
  readonly isReachable: boolean;
  readonly isGiven: boolean;
}

/** `onChange` receives the whole list, and runs only after a contact has changed. */
export class KnownPeers {
  readonly #known = new Map<string, KnownPeer>();
  readonly #onChange: (contacts: Contact[]) => void;
  readonly #isChosen: (peerId: string) => boolean;

  /** @param isChosen whether our user chose the peer in another way than by its address */
  constructor(onChange: (contacts: Contact[]) => void, isChosen: (peerId: string) => boolean = () => false) {
    this.#onChange = onChange;
    this.#isChosen = isChosen;
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
    const isGiven = origin === "given" || (known?.isGiven ?? false);
    if (!known && !this.#makeRoom(isGiven || this.#isChosen(peer.peerId))) return false;
    this.#change(peer.peerId, known, {
      label: known?.label,
      videoDisabled: known?.videoDisabled ?? false,
      // Newest first, because a newer address is more likely to work.
      addresses: [...new Set([...peer.addresses, ...(known?.addresses ?? [])])].slice(
        0,
        MAX_ADDRESSES_PER_CONTACT,
      ),
      isReachable,
      isGiven,
    });
    return true;
  }

  setReachable(peerId: string, isReachable: boolean): void {
    const known = this.#known.get(peerId);
    if (known) this.#change(peerId, known, { ...known, isReachable });
  }

  /** Ignored for an unknown peer. */
  describe(peerId: string, { label, videoDisabled }: PeerDescription): void {
    const known = this.#known.get(peerId);
    if (!known) return;
    this.#change(peerId, known, {
      ...known,
      label: label ?? known.label,
      videoDisabled: videoDisabled ?? known.videoDisabled,
    });
  }

  /** Removes the peer, unless it was given or is connected. */
  forget(peerId: string): void {
    const known = this.#known.get(peerId);
    if (!known || known.isGiven || known.isReachable) return;
    this.#known.delete(peerId);
    this.#onChange(this.all());
  }

  /** Drops the oldest stranger that is not connected; for a peer of the user's choice also one that is. */
  #makeRoom(isForKnown: boolean): boolean {
    const strangers = [...this.#known].filter(([peerId, known]) => !known.isGiven && !this.#isChosen(peerId));
    const isFull = this.#known.size >= MAX_CONTACTS;
    if (!isFull && (isForKnown || strangers.length < MAX_STRANGERS_AMONG_CONTACTS)) return true;
    const offline = strangers.find(([, known]) => !known.isReachable);
    const [dropped] = offline ?? (isForKnown ? strangers[0] : undefined) ?? [];
    if (dropped !== undefined) this.#known.delete(dropped);
    return dropped !== undefined;
  }

  /** Compares this contact only, because peers can cause many changes of a long list. */
  #change(peerId: string, before: KnownPeer | undefined, now: KnownPeer): void {
    this.#known.set(peerId, now);
    const isSame =
      before && JSON.stringify(asContact(peerId, before)) === JSON.stringify(asContact(peerId, now));
    if (!isSame) this.#onChange(this.all());
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
