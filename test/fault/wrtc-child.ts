// Runs one of the wrtc-*.child.ts programs in a process of its own, because these programs may crash it.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** Kills a child that hangs, which is one of the faults under test. */
const CHILD_LIMIT_MS = 120_000;

export interface ChildEnd {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export async function runChild(
  program: string,
  argument: string,
  nodeFlags: string[] = [],
): Promise<ChildEnd> {
  const path = fileURLToPath(new URL(program, import.meta.url));
  const child = spawn(process.execPath, [...nodeFlags, path, argument], {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: CHILD_LIMIT_MS,
    killSignal: "SIGKILL",
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  await once(child, "close");
  return { status: child.exitCode, signal: child.signalCode, stdout, stderr };
}
