// Runs zeroconf-child.ts, which discovers peers like a Go peer.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const CHILD = fileURLToPath(new URL("zeroconf-child.ts", import.meta.url));
const entrySchema = z.object({ ips: z.array(z.string()), text: z.array(z.string()) });
export type FoundEntry = z.infer<typeof entrySchema>;

export interface ZeroconfProcess {
  /** The first peer that it found. Rejects if the process ends first. */
  readonly found: Promise<FoundEntry>;
  stop(): Promise<void>;
}

/**
 * @param own the multiaddr that it announces
 * @param within a command prefix for node, such as one that enters a network namespace
 * @param role whether it sends queries, answers, or both
 */
export function startZeroconf(
  own: string,
  within: readonly string[],
  role: "ask" | "answer" | "both",
): ZeroconfProcess {
  const [command = process.execPath, ...rest] = [...within, process.execPath, CHILD, own, role];
  const child = spawn(command, rest, { stdio: ["pipe", "pipe", "inherit"] });
  const kill = () => child.kill("SIGKILL");
  process.on("exit", kill);
  const ended = once(child, "exit").then(() => void process.off("exit", kill));
  const found = Promise.withResolvers<FoundEntry>();
  createInterface({ input: child.stdout }).on("line", (line) =>
    found.resolve(entrySchema.parse(JSON.parse(line))),
  );
  void ended.then(() => found.reject(new Error("zeroconf ended before it found a peer")));
  // Tests of the answers do not await it.
  found.promise.catch(() => undefined);
  return {
    found: found.promise,
    stop: async () => {
      kill();
      await ended;
    },
  };
}
