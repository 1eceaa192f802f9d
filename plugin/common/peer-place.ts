// Where a peer is, as far as its signalling connection shows it. Only a peer on this machine has business with loopback
// addresses, and only one on the same link with link-local ones.

import { OwnNetworks, scopeOf } from "./ip-address.ts";
import { machineInterfaces } from "./machine-interfaces.ts";

/** `unknown`: another program holds the connection, and this machine has a network. */
export type PeerPlace = "machine" | "link" | "network" | "unknown";

/** Tells where a peer is at the moment. */
export type PlaceOfPeer = (peerId: string) => PeerPlace;

/**
 * @param addresses the peer's ends of its direct connections, as IP addresses; empty if it is connected by a relay only, and
 *   null if another program holds its connections
 */
export function placeOf(
  addresses: readonly string[] | null,
  own: OwnNetworks = new OwnNetworks(machineInterfaces()),
): PeerPlace {
  // Nobody else can reach a machine without a network.
  if (own.reach === "loopback") return "machine";
  const all = addresses ?? [];
  if (all.some((ip) => scopeOf(ip) === "loopback" || own.isOwn(ip))) return "machine";
  const isNear = (ip: string) => scopeOf(ip) === "linkLocal" || own.isOnLink(ip);
  if (own.reach === "linkLocal" || all.some(isNear)) return "link";
  return addresses === null ? "unknown" : "network";
}
