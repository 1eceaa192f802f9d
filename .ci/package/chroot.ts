// Throw-away systems of other Debian releases, for packages that are compiled or installed there. The bases are made once by
// debootstrap(8) and kept in the user's cache folder. Needs root.

import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { run } from "./run.ts";

const MIRROR = "http://deb.debian.org/debian";
const SUITES: Readonly<Record<string, string>> = { "12": "bookworm", "13": "trixie" };
/** The lists of packages in a base name files that the mirror drops some time after a new point release. */
const BASE_DAYS = 14;
const DAY_MS = 86_400_000;
const execute = promisify(execFile);
/** apt-get(8) prints a line for each package. */
const MAX_OUTPUT = 16 * 1024 * 1024;
const SESSION = join(import.meta.dirname, "chroot-session");
const NEEDED = ["debootstrap", "unshare", "nsenter", "chroot"];
/** Without it dpkg writes every file through to the disk, which takes minutes. The systems are thrown away. */
const QUICK = { DPKG_FORCE: "unsafe-io" };
const ENVIRONMENT = {
  ...QUICK,
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: "/root",
  LC_ALL: "C.UTF-8",
  DEBIAN_FRONTEND: "noninteractive",
};

export interface ChrootOptions {
  /** 12 or 13. */
  readonly release: string;
  /** Packages that the base holds besides Debian's smallest system. */
  readonly packages: readonly string[];
  /** Folders of this machine by their path in the session. */
  readonly binds?: Readonly<Record<string, string>>;
}

/** A running session. */
export interface Chroot {
  /** Its root, as seen from inside its name spaces only. */
  readonly root: string;
  /** The program and arguments that run a command in it, as root, for spawn(). The environment is the caller's. */
  command(program: string, ...args: readonly string[]): [program: string, ...args: string[]];
  /** @returns standard output. @throws Error with the messages of a command that failed */
  run(program: string, ...args: readonly string[]): string;
  /** The same, while this process goes on with other work. */
  runAside(program: string, ...args: readonly string[]): Promise<string>;
  /** Ends every process in it, and removes everything that was written. */
  close(): Promise<void>;
}

/** @returns why this machine cannot make one; null if it can */
export function whyNoChroot(): string | null {
  if (process.getuid?.() !== 0) return "it needs root";
  const missing = NEEDED.filter((name) => spawnSync("which", [name]).status !== 0);
  if (missing.length > 0) return `${missing.join(", ")} is not installed`;
  const { status, stderr } = spawnSync("unshare", ["--mount", "--pid", "--fork", "true"], {
    encoding: "utf8",
  });
  return status === 0 ? null : `name spaces cannot be made here: ${stderr.trim()}`;
}

export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "goop-call-plugin/chroots");
}

/** @throws Error when the base cannot be made, with debootstrap's messages */
export async function openChroot(options: ChrootOptions): Promise<Chroot> {
  const base = await baseFor(options);
  return openSession(base, options.binds ?? {});
}

/** Each base is made aside and moved into place whole, so that an interrupted run leaves no half of it. */
async function baseFor({ release, packages }: ChrootOptions): Promise<string> {
  const suite = SUITES[release];
  if (suite === undefined)
    throw new Error(`release is "${release}", expected one of ${Object.keys(SUITES).join(", ")}`);
  const cache = cacheFolder();
  const key = createHash("sha256").update(packages.join(" ")).digest("hex").slice(0, 8);
  const base = join(cache, `debian-${release}-${key}`);
  if (existsSync(base) && Date.now() - statSync(base).birthtimeMs < BASE_DAYS * DAY_MS) return base;
  mkdirSync(cache, { recursive: true });
  const made = mkdtempSync(join(cache, "making-"));
  try {
    const archives = packageCache(release);
    run("debootstrap", ["--variant=minbase", `--cache-dir=${archives}`, suite, join(made, "base"), MIRROR], {
      env: { ...process.env, ...QUICK },
    });
    if (packages.length > 0) await addPackages(join(made, "base"), packages, archives, join(made, "full"));
    else renameSync(join(made, "base"), join(made, "full"));
    rmSync(base, { recursive: true, force: true });
    renameSync(join(made, "full"), base);
    return base;
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}

/** Installs in a session above the smallest system, and keeps a copy of what the session sees. */
async function addPackages(
  base: string,
  packages: readonly string[],
  archives: string,
  target: string,
): Promise<void> {
  mkdirSync(target);
  const session = await openSession(base, { "/var/cache/apt/archives": archives, "/mnt": target });
  try {
    session.run("apt-get", "-q", "update");
    session.run("apt-get", "-qy", "--no-install-recommends", "install", ...packages);
    session.run("sh", "-c", "tar -c --one-file-system -C / . | tar -x -C /mnt");
  } finally {
    await session.close();
  }
}

/** Downloaded packages, by release. @returns the folder, which exists */
export function packageCache(release: string): string {
  const folder = join(cacheFolder(), `archives-${release}`);
  mkdirSync(join(folder, "partial"), { recursive: true });
  return folder;
}

async function openSession(base: string, binds: Readonly<Record<string, string>>): Promise<Chroot> {
  const work = mkdtempSync(join(tmpdir(), "goop-chroot-"));
  const pairs = Object.entries(binds).map(([to, from]) => `${from}=${to}`);
  const child = spawn(SESSION, [base, work, ...pairs], { stdio: ["pipe", "pipe", "pipe"] });
  try {
    await untilReady(child);
  } catch (error) {
    await end(child, work);
    throw error;
  }
  const root = join(work, "root");
  const spaces = [`--mount=/proc/${child.pid}/ns/mnt`, `--pid=/proc/${child.pid}/ns/pid_for_children`];
  const command = (program: string, ...args: readonly string[]): [string, ...string[]] => [
    "nsenter",
    ...spaces,
    "chroot",
    root,
    program,
    ...args,
  ];
  return {
    root,
    command,
    run: (program, ...args) => {
      const [first, ...rest] = command(program, ...args);
      return run(first, rest, { env: ENVIRONMENT });
    },
    runAside: async (program, ...args) => {
      const [first, ...rest] = command(program, ...args);
      const { stdout } = await execute(first, rest, { env: ENVIRONMENT, maxBuffer: MAX_OUTPUT });
      return stdout;
    },
    close: () => end(child, work),
  };
}

function untilReady(child: ChildProcess): Promise<void> {
  const { stdout, stderr } = child;
  if (!stdout || !stderr) return Promise.reject(new Error("the chroot session has no pipes"));
  let messages = "";
  stderr.setEncoding("utf8").on("data", (text: string) => {
    messages += text;
  });
  return new Promise((resolve, reject) => {
    createInterface(stdout).once("line", () => resolve());
    child.once("error", reject);
    child.once("exit", (status) => reject(new Error(`the chroot session ended with ${status}: ${messages}`)));
  });
}

/** The mounts are in the session's own name space and vanish with its last process. */
async function end(child: ChildProcess, work: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) resolve();
  else child.once("exit", () => resolve());
  child.stdin?.end();
  await promise;
  if (!existsSync(work)) return; // closed before
  if (readdirSync(work).length > 0) throw new Error(`${work} is not empty after the end of its session`);
  rmdirSync(work);
}
