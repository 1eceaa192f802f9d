// Runs one command in the kernel machine and returns its output. The script `in-vm` builds and boots the machine.

import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { NOTICE } from "../process/test-results.ts";
import { type GuestEnd, isCrashOfEmulation } from "./guest-crash.ts";
import { preloadOf, strippedSources } from "./stripped-sources.ts";

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = resolve(HERE, "../../..");
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

/** `status` is 124 when the limit was reached. */
export type VmResult = GuestEnd;

/** A script whose types are still to be stripped fails. */
const NO_STRIPPING = "--no-strip-types";
/** The emulated processor may go on running compiled WebAssembly that V8 has replaced (README.md), so V8 must not free it. */
const KEEP_CODE = "--no-wasm-code-gc";
/** Node's own handler of SIGSEGV would hide a crash from the kernel's log. */
const NO_HANDLER = "--disable-wasm-trap-handler";
const REPEATS = 2;
const CRASH = "in-vm: crash: ";

/**
 * Never rejects for a failing command: `status` says it. After a crash at Node's start, in Node itself or in code that V8 compiled,
 * the machine boots again, at most twice, and the test runner prints a notice. Every other crash is a result (guest-crash.ts).
 */
export async function runInVm(job: VmJob): Promise<VmResult> {
  const [program = "", ...args] = job.command;
  if (program !== "node") return runOnce(job);
  const folder = await mkdtemp(join(tmpdir(), "guest-sources-"));
  try {
    const preload = await writePreload(folder, args);
    const command = ["node", NO_STRIPPING, KEEP_CODE, NO_HANDLER, "--import", preload, ...args];
    for (let repeats = 0; ; repeats++) {
      const result = await runOnce({ ...job, command });
      if (repeats === REPEATS || !isCrashOfEmulation(result)) return result;
      console.error(
        `${NOTICE}the machine boots again, since Node crashed there: ${result.crashes.join("; ")}`,
      );
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** @param args of Node. @returns the path of a module that gives Node the script's sources without types */
async function writePreload(folder: string, args: readonly string[]): Promise<string> {
  const path = join(folder, "preload.mjs");
  const script = args.find((arg) => arg.endsWith(".ts"));
  await writeFile(path, preloadOf(script === undefined ? {} : strippedSources(resolve(ROOT, script))));
  return path;
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
  const crashes = stderr
    .split("\n")
    .flatMap((line) => (line.startsWith(CRASH) ? [line.slice(CRASH.length)] : []));
  return {
    status,
    stdout,
    stderr: stderr.slice(0, crashes.length === 0 ? undefined : stderr.indexOf(CRASH)),
    crashes,
  };
}

/** The last line of a guest script's output as JSON; its whole output in the error where there is none. */
export function lastJson(result: VmResult): unknown {
  const last = result.stdout.trim().split("\n").at(-1) ?? "";
  try {
    return JSON.parse(last);
  } catch (cause) {
    throw new Error(
      `the guest ended with status ${result.status} and no JSON:\n${result.stdout}\n${result.stderr}\n${result.crashes.join("\n")}`,
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
