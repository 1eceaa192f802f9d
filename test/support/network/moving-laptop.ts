// A laptop whose network changes, and a peer in another network, with a router between them: three network namespaces. No packet
// leaves the machine. Needs root and iproute2.

import { createNamespaces, ip } from "./netns.ts";

/** The laptop's ways into the network. Each has a router address of its own, so a change of the way is a change of the address. */
export type Way = "wifi" | "ethernet" | "vpn";

interface Subnet {
  readonly own: string;
  readonly router: string;
  readonly length: number;
}

const SUBNETS: Readonly<Record<4 | 6, Readonly<Record<Way | "line", Subnet>>>> = {
  4: {
    wifi: { own: "10.77.1.2", router: "10.77.1.1", length: 24 },
    ethernet: { own: "10.77.2.2", router: "10.77.2.1", length: 24 },
    vpn: { own: "10.77.3.2", router: "10.77.3.1", length: 24 },
    line: { own: "10.77.4.2", router: "10.77.4.1", length: 24 },
  },
  6: {
    wifi: { own: "fd77:1::2", router: "fd77:1::1", length: 64 },
    ethernet: { own: "fd77:2::2", router: "fd77:2::1", length: 64 },
    vpn: { own: "fd77:3::2", router: "fd77:3::1", length: 64 },
    line: { own: "fd77:4::2", router: "fd77:4::1", length: 64 },
  },
};

export interface MovingLaptop {
  /** A command prefix that runs a program on the laptop. */
  readonly laptop: readonly string[];
  /** The same for the peer, whose network never changes. */
  readonly peer: readonly string[];
  /** The address of the laptop, or of the peer. */
  addressOf(where: Way | "line"): string;
  /** The way gets its address. It carries the default route from now on. */
  up(way: Way): void;
  /** The interface loses its address and its routes. The most recent of the other ways carries the default route. */
  down(way: Way): void;
  /** The bytes that the router has sent to the laptop and received from it on that way, whichever is less. */
  carriedBytes(way: Way): number;
  /** Runs ip(8) on the laptop. */
  onLaptop(...words: string[]): void;
  /** Idempotent. */
  remove(): void;
}

/** The laptop begins on Wi-Fi. With version 6 nothing has an IPv4 address but loopback. */
export function createMovingLaptop(version: 4 | 6 = 4): MovingLaptop {
  const spaces = createNamespaces(["laptop", "router", "peer"]);
  const subnets = SUBNETS[version];
  const family = `-${version}`;
  const [laptop, router, peer] = [spaces.nameOf("laptop"), spaces.nameOf("router"), spaces.nameOf("peer")];
  let metric = 1_000;
  const attach = (space: string, where: Way | "line"): void => {
    ip("-n", space, "link", "add", where, "type", "veth", "peer", "name", where, "netns", router);
    addAddress(router, where, subnets[where].router, subnets[where].length);
    ip("-n", router, "link", "set", where, "up");
    // As a provider or a VPN: only packets from the addresses behind the interface.
    if (version === 4) set(router, `ipv4/conf/${where}/rp_filter`, 1);
  };
  const up = (space: string, where: Way | "line"): void => {
    const { own, length, router: gateway } = subnets[where];
    ip("-n", space, "link", "set", where, "up");
    addAddress(space, where, own, length);
    metric -= 1;
    ip("-n", space, family, "route", "add", "default", "via", gateway, "dev", where, "metric", `${metric}`);
  };
  try {
    for (const way of ["wifi", "ethernet", "vpn"] as const) attach(laptop, way);
    attach(peer, "line");
    // A VPN has no hardware addresses. Ours is a cable, where a request from another way's address gets no answer.
    if (version === 4) set(laptop, "ipv4/conf/all/arp_announce", 2);
    up(laptop, "wifi");
    up(peer, "line");
    set(router, version === 4 ? "ipv4/ip_forward" : "ipv6/conf/all/forwarding", 1);
  } catch (error) {
    spaces.remove();
    throw error;
  }
  return {
    laptop: spaces.within("laptop"),
    peer: spaces.within("peer"),
    addressOf: (where) => subnets[where].own,
    up: (way) => up(laptop, way),
    down(way) {
      ip("-n", laptop, "address", "flush", "dev", way);
      ip("-n", laptop, "link", "set", way, "down");
    },
    carriedBytes: (way) => Math.min(...["rx", "tx"].map((direction) => bytesOf(router, way, direction))),
    onLaptop: (...words) => void ip("-n", laptop, ...words),
    remove: () => spaces.remove(),
  };
}

/** Without the second that the kernel takes to look for another host with the same IPv6 address. */
function addAddress(space: string, device: string, address: string, length: number): void {
  const noWait = address.includes(":") ? ["nodad"] : [];
  ip("-n", space, "address", "add", `${address}/${length}`, "dev", device, ...noWait);
}

/** @param setting below /proc/sys/net */
function set(space: string, setting: string, value: number): void {
  ip("netns", "exec", space, "sh", "-c", `echo ${value} > /proc/sys/net/${setting}`);
}

function bytesOf(space: string, device: string, direction: string): number {
  return Number(ip("netns", "exec", space, "cat", `/sys/class/net/${device}/statistics/${direction}_bytes`));
}
