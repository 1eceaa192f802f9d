// Chooses which of our candidates the peer gets. The engine gathers on every interface, and a machine with containers or virtual
// machines has a bridge for each of their networks. Nobody outside can reach those addresses, but every peer would check them all.

import type { PeerPlace } from "../../common/peer-place.ts";
import { type AddressUse, type UseOfAddress, usesOfAddresses } from "./address-use.ts";

/**
 * The number of addresses whose candidates the peer gets between two ICE restarts. `routed`: an interface often has several
 * addresses of IPv6. `bridged`: enough for two plugins on a machine without any other network.
 */
export const MAX_ADDRESSES: Readonly<Record<AddressUse, number>> = {
  routed: 8,
  further: 6,
  bridged: 2,
  loopback: 2,
};
/** Each server gives one for each of our addresses. */
export const MAX_RELAYED = 8;

const ADDRESS_FIELD = 4;

/** Between two ICE restarts. All candidates of an address have the same fate, whatever their transport and m-line. */
export class UsefulCandidates {
  readonly #useOf: UseOfAddress;
  readonly #left: Record<AddressUse, number>;
  readonly #decided = new Map<string, boolean>();
  #relayedLeft = MAX_RELAYED;

  /** @param place where the peer is. Loopback addresses are of use on this machine only */
  constructor(place: PeerPlace, useOf: UseOfAddress = usesOfAddresses()) {
    this.#useOf = useOf;
    this.#left = { ...MAX_ADDRESSES, ...(place === "machine" ? {} : { loopback: 0 }) };
  }

  /** @param line `candidate:…` of our own, also with `a=` before it (RFC 8839 section 5.1) */
  includes(line: string): boolean {
    const words = line.trim().split(" ");
    const type = words[words.indexOf("typ") + 1];
    if (type === "relay") return this.#decide(line, () => this.#relayedLeft-- > 0);
    // A reflexive candidate belongs to the address that the STUN server was asked from.
    const related = words.indexOf("raddr");
    const address = related > 0 && type !== "host" ? words[related + 1] : words[ADDRESS_FIELD];
    const use = this.#useOf(address ?? "") ?? "further";
    return this.#decide(address ?? "", () => this.#left[use]-- > 0);
  }

  /** Descriptions repeat candidates, which count once. */
  #decide(key: string, takesOneMore: () => boolean): boolean {
    const isIncluded = this.#decided.get(key) ?? takesOneMore();
    this.#decided.set(key, isIncluded);
    return isIncluded;
  }
}
