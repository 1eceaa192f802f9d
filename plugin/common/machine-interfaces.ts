// The network interfaces of this machine. The system reads them through a socket, so it refuses when the program has as many
// descriptors as it may (getifaddrs(3)). A call must not end for that.

import { networkInterfaces } from "node:os";
import type { Interfaces } from "./ip-address.ts";

let lastKnown: Interfaces = {};

/** @returns the interfaces that are up, by name; those of the last time when the system refuses to tell */
export function machineInterfaces(read: () => Interfaces = networkInterfaces): Interfaces {
  try {
    lastKnown = read();
  } catch {
    // They change rarely.
  }
  return lastKnown;
}
