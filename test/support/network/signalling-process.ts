// Runs signalling-child.ts and reads what it tells. Every process is ended when its test file ends.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { contactSchema, type Signal, signalSchema } from "../../../rpc-schema/index.ts";

const CHILD = fileURLToPath(new URL("signalling-child.ts", import.meta.url));

const toldSchema = z.object({
  self: z.object({ peerId: z.string(), addresses: z.array(z.string()) }).optional(),
  contacts: z.array(contactSchema).optional(),
  signal: z.object({ from: z.string(), callId: z.string(), signal: signalSchema }).optional(),
  sent: z.string().optional(),
});
export type Told = z.infer<typeof toldSchema>;

export interface ChildOptions {
  readonly label: string;
  readonly listen: readonly string[];
  readonly peers?: readonly string[];
  readonly mdns?: boolean;
  readonly privateKeyFile?: string;
  readonly timings?: Record<string, number>;
}

export interface SignallingProcess {
  readonly peerId: string;
  readonly address: string;
  /** The first line, past or to come, that the test accepts. Rejects when the process ends first. */
  untilTold(accepts: (told: Told) => boolean): Promise<Told>;
  /** "acknowledged", or the error. */
  send(peerId: string, callId: string, signal: Signal): Promise<string>;
  /** Ends its stdin. Resolves with exit code or signal. */
  leave(): Promise<number | string>;
  kill(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** @param within a command in front of node, such as one that enters a network namespace */
export async function startSignallingProcess(
  options: ChildOptions,
  within: readonly string[] = [],
): Promise<SignallingProcess> {
  const [command = process.execPath, ...rest] = [...within, process.execPath, CHILD, JSON.stringify(options)];
  const child = spawn(command, rest, { stdio: ["pipe", "pipe", "inherit"] });
  running.add(child);
  const ended = once(child, "exit").then(([code, signal]) => code ?? signal);
  void ended.then(() => running.delete(child));
  const log = new ToldLog(child, ended);
  const { self } = await log.until((told) => told.self !== undefined);
  const address = self?.addresses.find((each) => !each.includes("/127.0.0.1/")) ?? self?.addresses[0];
  if (!self || address === undefined) throw new Error(`${options.label} listens nowhere`);
  return {
    peerId: self.peerId,
    address,
    untilTold: (accepts) => log.until(accepts),
    send: async (peerId, callId, signal) => {
      const after = log.length;
      child.stdin.write(`${JSON.stringify({ peerId, callId, signal })}\n`);
      return (await log.until((told) => told.sent !== undefined, after)).sent ?? "";
    },
    leave: () => {
      child.stdin.end();
      return ended;
    },
    kill: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

class ToldLog {
  readonly #lines: Told[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #ended: Promise<unknown>;

  constructor(child: ChildProcess, ended: Promise<unknown>) {
    this.#ended = ended;
    if (!child.stdout) throw new Error("the child has no stdout");
    createInterface({ input: child.stdout }).on("line", (line) => {
      this.#lines.push(toldSchema.parse(JSON.parse(line)));
      for (const check of this.#waiting) check();
    });
  }

  get length(): number {
    return this.#lines.length;
  }

  until(accepts: (told: Told) => boolean, after = 0): Promise<Told> {
    return new Promise((resolve, reject) => {
      const check = () => {
        const found = this.#lines.slice(after).find(accepts);
        if (!found) return;
        this.#waiting.delete(check);
        resolve(found);
      };
      this.#waiting.add(check);
      void this.#ended.then((how) => reject(new Error(`the process ended (${how}) before it told that`)));
      check();
    });
  }
}
