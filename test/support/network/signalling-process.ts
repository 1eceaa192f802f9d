// Runs signalling-child.ts and reads its events. Every process is killed when its test file ends.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { contactSchema, type Signal, signalSchema } from "../../../rpc-schema/index.ts";

const CHILD = fileURLToPath(new URL("signalling-child.ts", import.meta.url));

const childEventSchema = z.object({
  self: z.object({ peerId: z.string(), addresses: z.array(z.string()) }).optional(),
  contacts: z.array(contactSchema).optional(),
  signal: z.object({ from: z.string(), callId: z.string(), signal: signalSchema }).optional(),
  sent: z.string().optional(),
});
export type ChildEvent = z.infer<typeof childEventSchema>;

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
  /** The first event that matches, whether it has arrived or is still to arrive. Rejects if the process ends first. */
  untilEvent(matches: (event: ChildEvent) => boolean): Promise<ChildEvent>;
  /** "acknowledged", or the error. */
  send(peerId: string, callId: string, signal: Signal): Promise<string>;
  /** Closes its stdin. Resolves with the exit code or signal. */
  leave(): Promise<number | string>;
  kill(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** @param within a command prefix for node, such as one that enters a network namespace */
export async function startSignallingProcess(
  options: ChildOptions,
  within: readonly string[] = [],
): Promise<SignallingProcess> {
  const [command = process.execPath, ...rest] = [...within, process.execPath, CHILD, JSON.stringify(options)];
  const child = spawn(command, rest, { stdio: ["pipe", "pipe", "inherit"] });
  running.add(child);
  const ended = once(child, "exit").then(([code, signal]) => code ?? signal);
  void ended.then(() => running.delete(child));
  const log = new EventLog(child, ended);
  const { self } = await log.until((event) => event.self !== undefined);
  const address = self?.addresses.find((each) => !each.includes("/127.0.0.1/")) ?? self?.addresses[0];
  if (!self || address === undefined) throw new Error(`${options.label} has no address`);
  return {
    peerId: self.peerId,
    address,
    untilEvent: (matches) => log.until(matches),
    send: async (peerId, callId, signal) => {
      const after = log.length;
      child.stdin.write(`${JSON.stringify({ peerId, callId, signal })}\n`);
      return (await log.until((event) => event.sent !== undefined, after)).sent ?? "";
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

class EventLog {
  readonly #lines: ChildEvent[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #ended: Promise<unknown>;

  constructor(child: ChildProcess, ended: Promise<unknown>) {
    this.#ended = ended;
    if (!child.stdout) throw new Error("the child has no stdout");
    createInterface({ input: child.stdout }).on("line", (line) => {
      this.#lines.push(childEventSchema.parse(JSON.parse(line)));
      for (const check of this.#waiting) check();
    });
  }

  get length(): number {
    return this.#lines.length;
  }

  until(matches: (event: ChildEvent) => boolean, after = 0): Promise<ChildEvent> {
    return new Promise((resolve, reject) => {
      const check = () => {
        const found = this.#lines.slice(after).find(matches);
        if (!found) return;
        this.#waiting.delete(check);
        resolve(found);
      };
      this.#waiting.add(check);
      void this.#ended.then((how) => reject(new Error(`the process ended (${how}) before the event`)));
      check();
    });
  }
}
