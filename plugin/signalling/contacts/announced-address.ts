// Which of the addresses that peers announce we dial. Anyone may announce anything, and a dial sends bytes to whatever listens.

import { scopeOf } from "../../common/ip-address.ts";
import type { PeerPlace } from "../../common/peer-place.ts";

/** Longer ones are no IP addresses. */
const IP_ADDRESS = /^\/(?:ip4|ip6)\/([^/]{1,45})\//;

/**
 * Names are refused too, since resolving one tells others that we are here. The part of a relayed address before /p2p-circuit
 * is the relay's, and may be any address.
 * @param address a multiaddr @param place where the peer is that the address belongs to
 */
export function isDialable(address: string, place: PeerPlace): boolean {
  if (address.includes("/p2p-circuit")) return true;
  const [, ip = ""] = IP_ADDRESS.exec(address) ?? [];
  const scope = scopeOf(ip);
  if (scope === "loopback") return place === "machine";
  if (scope === "linkLocal") return place === "machine" || place === "link";
  return scope === "ordinary";
}
