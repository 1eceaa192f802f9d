// Runs attacker-child.ts and reads its counts. It has the lowest priority, so that it does not take the processor from the plugin on
// a machine that both share.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { constants, setPriority } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { AttackCounts, AttackName, AttackOptions } from "./attacks.ts";

const CHILD = fileURLToPath(new URL("attacker-child.ts", import.meta.url));
const countsSchema = z.object({ actions: z.number(), connections: z.number(), refused: z.number() });

export interface AttackJob extends AttackOptions {
  readonly attack: AttackName;
  /** The plugin's address. */
  readonly target: string;
  /** Addresses of loopback from which the connections come. */
  readonly addresses: number;
}

export interface Attacker {
  /** As of the last quarter of a second. */
  counts(): AttackCounts;
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Resolves when the attack has done something. Rejects if its process ends before. */
export async function startAttack(job: AttackJob): Promise<Attacker> {
  const child = spawn(process.execPath, [CHILD, JSON.stringify(job)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  running.add(child);
  const ended = once(child, "exit").then(() => running.delete(child));
  const { promise: begun, resolve } = Promise.withResolvers<void>();
  let counts: AttackCounts = { actions: 0, connections: 0, refused: 0 };
  createInterface({ input: child.stdout }).on("line", (line) => {
    counts = countsSchema.parse(JSON.parse(line));
    if (counts.actions > 0) resolve();
  });
  const early = ended.then(() => Promise.reject(new Error(`the attack ${job.attack} ended before it began`)));
  early.catch(() => undefined); // it also ends when it is stopped
  await Promise.race([begun, early]);
  // Only now, since it would hardly start on a busy machine.
  if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  return {
    counts: () => counts,
    stop: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** The attacks at the rates that their tests and the bench use. */
export const JOBS = {
  halfOpen: { attack: "halfOpen", connections: 2, perSecond: 300, addresses: 1 },
  presence: { attack: "presence", connections: 1, perSecond: 400, addresses: 1 },
  replayedPresence: { attack: "replayedPresence", connections: 1, perSecond: 400, addresses: 1 },
  gossipControl: { attack: "gossipControl", connections: 4, perSecond: 100, addresses: 4 },
  signals: { attack: "signals", connections: 128, perSecond: 10_000, addresses: 40, actionsEach: 80 },
  resets: { attack: "resets", connections: 8, perSecond: 10_000, addresses: 8 },
  handshakes: { attack: "handshakes", connections: 32, perSecond: 1_600, addresses: 250, actionsEach: 1 },
  pings: { attack: "pings", connections: 4, perSecond: 20_000, addresses: 4 },
  endlessFrame: { attack: "endlessFrame", connections: 4, perSecond: 2_000, addresses: 4 },
  emptyFrames: { attack: "emptyFrames", connections: 4, perSecond: 20_000, addresses: 4 },
  unknownProtocols: { attack: "unknownProtocols", connections: 4, perSecond: 200, addresses: 4 },
  longMessages: { attack: "longMessages", connections: 16, perSecond: 400, addresses: 16 },
  identify: { attack: "identify", connections: 32, perSecond: 100, addresses: 64, actionsEach: 1 },
} as const satisfies Record<AttackName, Omit<AttackJob, "target">>;
