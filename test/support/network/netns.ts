// Two network namespaces joined by a virtual cable: an isolated LAN for multicast tests. It is removed on every path, and the
// next run removes what a killed run left behind. Needs root and iproute2.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const PREFIX = "goop-test-";
const MAX_RUN_MS = 10_000;

export interface TestLan {
  /** Command prefixes that run a program in the first or the second namespace. */
  readonly ends: readonly [readonly string[], readonly string[]];
  remove(): void;
}

/** The namespaces have the addresses 10.77.0.1 and 10.77.0.2. Multicast uses the cable only. */
export function createTestLan(): TestLan {
  removeAbandoned();
  const [left, right] = [`${PREFIX}${process.pid}-left`, `${PREFIX}${process.pid}-right`];
  const remove = () => {
    process.off("exit", remove);
    for (const name of [left, right]) if (listNames().includes(name)) ip("netns", "del", name);
  };
  process.on("exit", remove);
  try {
    ip("netns", "add", left);
    ip("netns", "add", right);
    ip("-n", left, "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", right);
    setUp(left, "10.77.0.1/24");
    setUp(right, "10.77.0.2/24");
  } catch (error) {
    remove();
    throw error;
  }
  return { ends: [within(left), within(right)], remove };
}

function setUp(name: string, address: string): void {
  ip("-n", name, "address", "add", address, "dev", "cable");
  ip("-n", name, "link", "set", "lo", "up");
  ip("-n", name, "link", "set", "cable", "up");
  // Without a default route, multicast needs a route of its own.
  ip("-n", name, "route", "add", "224.0.0.0/4", "dev", "cable");
}

function within(name: string): readonly string[] {
  return ["ip", "netns", "exec", name];
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

function ip(...words: string[]): string {
  const { status, stdout, stderr, error } = spawnSync("ip", words, { encoding: "utf8", timeout: MAX_RUN_MS });
  if (error) throw error;
  if (status !== 0) throw new Error(`ip ${words.join(" ")} ended with ${status}: ${stderr.trim()}`);
  return stdout;
}
