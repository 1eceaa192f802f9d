// An address of this machine that every peer of a call may name.

import { networkInterfaces } from "node:os";

const LOOPBACK = "127.0.0.1";

/**
 * A peer whose signals another program carries may name a loopback address only on a machine without a network: see
 * `placeOf`.
 */
export function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((some) => some ?? []);
  return all.find(({ family, internal }) => family === "IPv4" && !internal)?.address ?? LOOPBACK;
}
