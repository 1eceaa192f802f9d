// Looks up names of multicast DNS (RFC 6762) through the system. A lookup holds one of the process's four worker threads, for
// seconds if nobody answers, and frames are encoded on them too. So few run at a time.

import { lookup } from "node:dns/promises";

export const MAX_NAMES_AT_ONCE = 2;
const MAX_WAITING = 64;

/** @returns the addresses of a name, or none. Never rejects */
export type LookUp = (name: string) => Promise<readonly string[]>;

async function askSystem(name: string): Promise<readonly string[]> {
  return (await lookup(name, { all: true })).map(({ address }) => address);
}

/** Limits lookups that run, and those that wait; above it a name counts as unknown. @param ask may reject */
export function limitLookups(ask: LookUp = askSystem): LookUp {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (name) => {
    if (running >= MAX_NAMES_AT_ONCE) {
      if (waiting.length >= MAX_WAITING) return [];
      await new Promise<void>((resolve) => void waiting.push(resolve));
    } else running += 1;
    try {
      return await ask(name);
    } catch {
      return []; // nobody on this network has the name
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}

/** One for the process, because its threads are shared. */
export const lookUpLocalName: LookUp = limitLookups();
