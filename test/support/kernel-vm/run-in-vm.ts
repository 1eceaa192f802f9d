// Runs one command in the kernel machine and returns its output. The script `in-vm` builds and boots the machine.

import { spawn } from "node:child_process";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = resolve(HERE, "../../..");
/** Loaded before a script of the guest, and its only effect. */
const STARTED = "guest: node runs";
const REPORT_START = `data:text/javascript,${encodeURIComponent(`console.error(${JSON.stringify(STARTED)})`)}`;
/** Making the machine for the first time: downloads, and building one driver. */
const FIRST_TIME_S = 240;

export interface VmJob {
  /** Program and arguments, run as root in the repository's root. */
  readonly command: readonly string[];
  /** A directory of this machine that the guest writes to, as /run/out. */
  readonly outDir?: string;
  /** From power-on to power-off, seconds. */
  readonly timeoutS: number;
  /** Options of the vivid driver, such as n_devs=2. */
  readonly vividArgs?: string;
  /** Options of the v4l2loopback driver, such as video_nr=60,61. */
  readonly loopbackArgs?: string;
}

export interface VmResult {
  /** The command's; 124 when the limit was reached. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The status of a program that SIGSEGV ended. */
const SEGFAULT = 139;
/** The status of a program that SIGTRAP ended, as V8 does when it finds its own data damaged, and what it prints then. */
const TRAP = 133;
const DAMAGED = /^# Check failed: /m;

/**
 * Never rejects for a failing command: `status` says it. The emulated processor crashes Node at its start now and then, seen once
 * in some sixty starts, or damages what V8 compiled. Such a machine boots once more. Another crash after the start of a script is a
 * result like any other.
 */
export async function runInVm(job: VmJob): Promise<VmResult> {
  const [program = "", ...args] = job.command;
  const command = program === "node" ? [program, "--import", REPORT_START, ...args] : job.command;
  const result = await runOnce({ ...job, command });
  return program === "node" && isOfEmulation(result) ? runOnce({ ...job, command }) : result;
}

function isOfEmulation({ status, stderr }: VmResult): boolean {
  if (status === TRAP) return DAMAGED.test(stderr);
  return status === SEGFAULT && !stderr.includes(STARTED);
}

async function runOnce(job: VmJob): Promise<VmResult> {
  const options = ["-t", String(job.timeoutS)];
  if (job.outDir !== undefined) options.push("-o", job.outDir);
  if (job.vividArgs !== undefined) options.push("-v", job.vividArgs);
  if (job.loopbackArgs !== undefined) options.push("-l", job.loopbackArgs);
  const child = spawn(resolve(HERE, "in-vm"), [...options, "--", ...job.command], {
    cwd: ROOT,
    // The guest's `node` is the one that runs this, whatever else is on the path.
    env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ""}` },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: (job.timeoutS + FIRST_TIME_S) * 1000,
    killSignal: "SIGKILL",
  });
  const { promise, resolve: done, reject } = Promise.withResolvers<number>();
  child.once("error", reject);
  child.once("close", (code) => done(code ?? -1));
  const [stdout, stderr, status] = await Promise.all([textOf(child.stdout), textOf(child.stderr), promise]);
  return { status, stdout, stderr };
}

/** The last line of a guest script's output as JSON; its whole output in the error where there is none. */
export function lastJson(result: VmResult): unknown {
  const last = result.stdout.trim().split("\n").at(-1) ?? "";
  try {
    return JSON.parse(last);
  } catch (cause) {
    throw new Error(
      `the guest ended with status ${result.status} and no JSON:\n${result.stdout}\n${result.stderr}`,
      {
        cause,
      },
    );
  }
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  stream.setEncoding("utf8");
  for await (const chunk of stream) text += chunk;
  return text;
}
