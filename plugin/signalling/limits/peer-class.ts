// The two classes that share every budget of signalling. A known peer is one that our user has chosen, see `isKnown` of port.ts.
// Identities cost nothing, so no number of strangers can use up what is kept for known peers.

export type PeerClass = "known" | "stranger";

/** Where a stream or a connection comes from. */
export interface PeerSource {
  /** The connection proved it. */
  readonly peerId: string;
  /** The IP address, of IPv6 the network only, since one machine has a whole network of addresses. */
  readonly address: string;
}

/** @returns the part of a multiaddr by which its machine is counted; that of the relay for a relayed connection */
export function addressOf(multiaddr: string): string {
  const [, family = "", host = ""] = multiaddr.split("/", 3);
  return family === "ip6" ? network(host) : host;
}

/** Keeps the first 64 bits, which is the size of one network (RFC 4291, 2.5.4). */
function network(host: string): string {
  const [head = ""] = host.split("::", 1);
  const groups = head.split(":").filter((group) => group !== "");
  return `${groups.slice(0, 4).join(":")}::`;
}
