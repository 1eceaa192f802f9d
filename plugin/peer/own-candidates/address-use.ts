// What the addresses of this machine are good for: which have a default route, and which belong to a bridge.

import { existsSync, readFileSync } from "node:fs";
import { scopeOf } from "../../common/ip-address.ts";
import { machineInterfaces } from "../../common/machine-interfaces.ts";

/** `routed`: on an interface with a default route. `bridged`: on a bridge without one. */
export type AddressUse = "routed" | "further" | "bridged" | "loopback";

/** Undefined for an address that this machine does not have. */
export type UseOfAddress = (address: string) => AddressUse | undefined;

/** As of now. Linux tells the routes of the process's own network namespace. */
export function usesOfAddresses(): UseOfAddress {
  const routed = new Set([
    ...defaultInterfaces(read("/proc/net/route"), 4),
    ...defaultInterfaces(read("/proc/net/ipv6_route"), 6),
  ]);
  const uses = new Map<string, AddressUse>();
  for (const [name, infos = []] of Object.entries(machineInterfaces())) {
    const isBridge = existsSync(`/sys/class/net/${name}/bridge`);
    const use = routed.has(name) ? "routed" : isBridge ? "bridged" : "further";
    for (const { address, internal } of infos) uses.set(address, internal ? "loopback" : use);
  }
  return (address) => uses.get(address) ?? (scopeOf(address) === "loopback" ? "loopback" : undefined);
}

/**
 * @param table of /proc/net/route (interface, destination, …, mask in the eighth field) or /proc/net/ipv6_route (destination,
 *   length, …, interface last), all numbers in hexadecimal
 * @returns the interfaces with a default route
 */
export function defaultInterfaces(table: string, version: 4 | 6): string[] {
  return table.split("\n").flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const [name, destination, mask] =
      version === 4 ? [fields[0], fields[1], fields[7]] : [fields.at(-1), fields[0], fields[1]];
    const isDefault = [destination, mask].every((field) => field !== undefined && /^0+$/.test(field));
    // The kernel's own "no route" is a default route of loopback.
    return isDefault && name !== undefined && name !== "lo" ? [name] : [];
  });
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // a kernel without IPv6, or a sandbox: no interface is better than the others then
  }
}
