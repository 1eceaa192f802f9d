// What kind of network an IP address belongs to, and which addresses and subnets this machine has.

import { BlockList, isIP } from "node:net";
import type { NetworkInterfaceInfo } from "node:os";

/** `ordinary` addresses may be routed, also private ones (RFC 1918). Nothing may be sent to `reserved` ones. */
export type IpScope = "unspecified" | "loopback" | "linkLocal" | "multicast" | "reserved" | "ordinary";

/** Longer texts are no addresses: 8 groups of 4, or an IPv4 address within, without a zone. */
const MAX_IP_CHARS = 45;

/** The first match counts. IPv4 ranges also match mapped addresses such as ::ffff:127.0.0.1. */
const RANGES: readonly (readonly [IpScope, BlockList])[] = [
  // Linux connects 0.0.0.0 and :: to the machine itself.
  ["unspecified", listOf(["0.0.0.0", 8], ["::", 128])],
  ["loopback", listOf(["127.0.0.0", 8], ["::1", 128])],
  ["linkLocal", listOf(["169.254.0.0", 16], ["fe80::", 10])],
  ["multicast", listOf(["224.0.0.0", 4], ["ff00::", 8])],
  // Broadcast, former class E, and former IPv4 addresses in IPv6 (RFC 4291 section 2.5.5.1).
  ["reserved", listOf(["240.0.0.0", 4], ["::", 96])],
];

/** @returns null if the text is no IP address; one with a zone is none */
export function scopeOf(text: string): IpScope | null {
  const family = familyOf(text);
  if (family === null) return null;
  return RANGES.find(([, list]) => list.check(text, family))?.[0] ?? "ordinary";
}

/** The interfaces of a machine, as `os.networkInterfaces` returns them. */
export type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

/** The addresses and subnets of this machine at one moment. */
export class OwnNetworks {
  readonly #addresses = new BlockList();
  readonly #subnets = new BlockList();
  readonly #broadcasts = new BlockList();
  /** The widest network that this machine takes part in. */
  readonly reach: "loopback" | "linkLocal" | "ordinary";

  constructor(interfaces: Interfaces) {
    const all = Object.values(interfaces).flatMap((infos) => infos ?? []);
    for (const { address, family, cidr } of all) {
      const type = family === "IPv4" ? "ipv4" : "ipv6";
      const prefix = Number(cidr?.split("/")[1] ?? Number.NaN);
      this.#addresses.addAddress(address, type);
      if (!Number.isInteger(prefix)) continue;
      this.#subnets.addSubnet(address, prefix, type);
      if (type === "ipv4" && prefix < 31) this.#broadcasts.addAddress(broadcastOf(address, prefix));
    }
    const scopes = new Set(all.map(({ address }) => scopeOf(address)));
    this.reach = scopes.has("ordinary") ? "ordinary" : scopes.has("linkLocal") ? "linkLocal" : "loopback";
  }

  /** Whether the address is one of this machine. */
  isOwn(ip: string): boolean {
    return check(this.#addresses, ip);
  }

  /** Whether the address belongs to a subnet of this machine, so that no router lies between. */
  isOnLink(ip: string): boolean {
    return check(this.#subnets, ip);
  }

  /** Whether every machine of a subnet receives what is sent to the address. */
  isBroadcast(ip: string): boolean {
    return check(this.#broadcasts, ip);
  }
}

function check(list: BlockList, ip: string): boolean {
  const family = familyOf(ip);
  return family !== null && list.check(ip, family);
}

function familyOf(text: string): "ipv4" | "ipv6" | null {
  if (text.length > MAX_IP_CHARS || text.includes("%")) return null;
  const version = isIP(text);
  return version === 0 ? null : version === 4 ? "ipv4" : "ipv6";
}

function listOf(...subnets: readonly (readonly [address: string, prefix: number])[]): BlockList {
  const list = new BlockList();
  for (const [address, prefix] of subnets)
    list.addSubnet(address, prefix, address.includes(":") ? "ipv6" : "ipv4");
  return list;
}

/** The last address of the subnet. */
function broadcastOf(address: string, prefix: number): string {
  const hostBits = 2 ** (32 - prefix);
  const number = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const last = Math.floor(number / hostBits) * hostBits + hostBits - 1;
  return [24, 16, 8, 0].map((shift) => Math.floor(last / 2 ** shift) % 256).join(".");
}
