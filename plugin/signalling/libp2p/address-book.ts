// The addresses that connected peers announce. libp2p remembers all of them, and dials them. We keep those that the peer may
// have, and forget strangers soon after they left, since identities cost nothing.

import type { PeerId } from "@libp2p/interface";
import type { Multiaddr } from "@multiformats/multiaddr";
import type { Libp2p } from "libp2p";
import { BoundedMap } from "../../common/bounded-map.ts";
import { errorText } from "../../common/error-text.ts";
import { type PeerPlace, placeOf } from "../../common/peer-place.ts";
import { isDialable } from "../contacts/announced-address.ts";
import type { NodeOptions, PeerAddress } from "../node.ts";
import { MAX_ADDRESSES_PER_CONTACT, MAX_REMEMBERED_STRANGERS } from "../timings.ts";

export class AddressBook {
  readonly #libp2p: Pick<Libp2p, "getConnections" | "peerStore">;
  readonly #options: Pick<NodeOptions, "isKnown" | "log">;
  readonly #placeOf: (ips: readonly string[]) => PeerPlace;
  readonly #left = new BoundedMap<string, PeerId>(MAX_REMEMBERED_STRANGERS);

  constructor(
    libp2p: Pick<Libp2p, "getConnections" | "peerStore">,
    options: Pick<NodeOptions, "isKnown" | "log">,
    placeOfIps: (ips: readonly string[]) => PeerPlace = placeOf,
  ) {
    this.#libp2p = libp2p;
    this.#options = options;
    this.#placeOf = placeOfIps;
  }

  onConnected(peer: PeerId): void {
    this.#left.delete(peer.toString());
  }

  /** The peer's record is needed once more now, by libp2p itself. So others are forgotten in its place. */
  onDisconnected(peer: PeerId): void {
    const [, forgotten] = this.#left.set(peer.toString(), peer) ?? [];
    if (!forgotten || this.#options.isKnown(forgotten.toString())) return;
    this.#ignoreFailure(this.#libp2p.peerStore.delete(forgotten), forgotten);
  }

  /** Replaces what libp2p has remembered. @returns the addresses that we dial */
  onIdentified(peer: PeerId, announced: readonly Multiaddr[]): PeerAddress {
    const multiaddrs = this.#dialable(peer, announced);
    this.#ignoreFailure(this.#libp2p.peerStore.patch(peer, { multiaddrs }), peer);
    return asAddress(peer, multiaddrs);
  }

  /** @throws Error for a peer that libp2p does not know */
  async addressesOf(peer: PeerId, signal: AbortSignal): Promise<PeerAddress> {
    const { addresses } = await this.#libp2p.peerStore.get(peer, { signal });
    return asAddress(
      peer,
      this.#dialable(
        peer,
        addresses.map(({ multiaddr }) => multiaddr),
      ),
    );
  }

  /** See SignallingNode.remoteIps. */
  remoteIps(peer: PeerId): string[] {
    return this.#libp2p
      .getConnections(peer)
      .map(({ remoteAddr }) => remoteAddr.getComponents())
      .filter((parts) => parts.every(({ name }) => name !== "p2p-circuit"))
      .flatMap((parts) => parts.find(({ name }) => name === "ip4" || name === "ip6")?.value ?? []);
  }

  #dialable(peer: PeerId, announced: readonly Multiaddr[]): Multiaddr[] {
    const place = this.#placeOf(this.remoteIps(peer));
    return announced
      .filter((address) => isDialable(address.toString(), place))
      .slice(0, MAX_ADDRESSES_PER_CONTACT);
  }

  #ignoreFailure(change: Promise<unknown>, peer: PeerId): void {
    change.catch((error: unknown) =>
      this.#options.log("debug", `the addresses of ${peer} are as before: ${errorText(error)}`),
    );
  }
}

function asAddress(peer: PeerId, addresses: readonly Multiaddr[]): PeerAddress {
  const suffix = `/p2p/${peer}`;
  return {
    peerId: peer.toString(),
    addresses: addresses.map(String).map((text) => (text.endsWith(suffix) ? text : `${text}${suffix}`)),
  };
}
