// Network namespaces joined by virtual cables, for tests. They are removed on every path, and the next run removes what a killed
// run left behind. Needs root and iproute2.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { HANG_LIMIT_MS } from "../process/hang-limit.ts";

const PREFIX = "goop-test-";
let created = 0;

/** Namespaces of one test, by the names that the test chose. */
export interface Namespaces<Name extends string> {
  /** The name that the system knows, for `ip -n`. */
  nameOf(name: Name): string;
  /** A command prefix that runs a program in the namespace. */
  within(name: Name): readonly string[];
  /** Idempotent. Removes the interfaces of the namespaces too. */
  remove(): void;
}

/** Each namespace has loopback only. */
export function createNamespaces<Name extends string>(names: readonly Name[]): Namespaces<Name> {
  removeAbandoned();
  created += 1;
  const prefix = `${PREFIX}${process.pid}-${created}-`;
  const nameOf = (name: Name) => `${prefix}${name}`;
  const remove = () => {
    process.off("exit", remove);
    const existing = listNames();
    for (const name of names.map(nameOf)) if (existing.includes(name)) ip("netns", "del", name);
  };
  process.on("exit", remove);
  try {
    for (const name of names.map(nameOf)) {
      ip("netns", "add", name);
      ip("-n", name, "link", "set", "lo", "up");
    }
  } catch (error) {
    remove();
    throw error;
  }
  return { nameOf, within: (name) => ["ip", "netns", "exec", nameOf(name)], remove };
}

export interface TestLan {
  /** Command prefixes that run a program in the first or the second namespace. */
  readonly ends: readonly [readonly string[], readonly string[]];
  remove(): void;
}

/** An isolated LAN. The namespaces have the addresses 10.77.0.1 and 10.77.0.2. Multicast uses the cable only. */
export function createTestLan(): TestLan {
  const spaces = createNamespaces(["left", "right"]);
  const [left, right] = [spaces.nameOf("left"), spaces.nameOf("right")];
  try {
    ip("-n", left, "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", right);
    setUp(left, "10.77.0.1/24");
    setUp(right, "10.77.0.2/24");
  } catch (error) {
    spaces.remove();
    throw error;
  }
  return { ends: [spaces.within("left"), spaces.within("right")], remove: () => spaces.remove() };
}

function setUp(name: string, address: string): void {
  ip("-n", name, "address", "add", address, "dev", "cable");
  ip("-n", name, "link", "set", "cable", "up");
  // Without a default route, multicast needs a route of its own.
  ip("-n", name, "route", "add", "224.0.0.0/4", "dev", "cable");
}

function removeAbandoned(): void {
  for (const name of listNames()) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) ip("netns", "del", name);
  }
}

function listNames(): string[] {
  return ip("netns", "list")
    .split("\n")
    .map((line) => line.split(" ")[0] ?? "")
    .filter((name) => name !== "");
}

/** Runs ip(8). @returns its output; @throws Error with the message of ip */
export function ip(...words: string[]): string {
  const { status, stdout, stderr, error } = spawnSync("ip", words, {
    encoding: "utf8",
    timeout: HANG_LIMIT_MS,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`ip ${words.join(" ")} ended with ${status}: ${stderr.trim()}`);
  return stdout;
}
