// Finds a running Goop² on this machine. The desktop application takes a free port at each start and writes it nowhere, so
// the ports are read from the system (proc(5)), and each is asked who answers.

import { access, readdir, readFile, readlink } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { selfSchema } from "./answers.ts";
import { createGoopClient, GoopError } from "./goop-client.ts";

/** A port of another kind, such as that of Goop²'s node, answers no HTTP. */
const ANSWER_MS = 1_500;
const LISTENING = "0A";

interface RunningGoop {
  readonly url: URL;
  readonly label: string;
}

/**
 * @param proc the folder of processes
 * @returns the address of the only running Goop²
 * @throws Error when none or several run, as a sentence for the user; the signal's reason
 */
export async function findGoop(signal: AbortSignal, proc = "/proc"): Promise<URL> {
  const found = await listGoops(signal, proc);
  const [first, ...others] = found;
  if (!first) throw new Error("no running Goop² was found: start it, or give its address with --goop");
  if (others.length === 0) return first.url;
  const list = found.map(({ url, label }) => `${label} at ${url.origin}`).join(", ");
  throw new Error(`several Goop² are running (${list}): choose one with --goop`);
}

async function listGoops(signal: AbortSignal, proc: string): Promise<RunningGoop[]> {
  const pids = (await readdir(proc)).filter((name) => /^\d+$/.test(name));
  const addresses = await Promise.all(pids.map((pid) => addressesOf(join(proc, pid))));
  const answers = await Promise.all(
    [...new Set(addresses.flat())].map((address) => askWhoAnswers(address, signal)),
  );
  const byUser = new Map<string, RunningGoop>();
  for (const answer of answers) if (answer) byUser.set(answer.peerId, answer);
  return [...byUser.values()];
}

/** @returns the addresses at which a process listens, if it looks like a Goop² */
async function addressesOf(process: string): Promise<string[]> {
  try {
    if (!(await isGoop(process))) return [];
    const descriptors = await readdir(join(process, "fd"));
    const targets = await Promise.all(
      descriptors.map((fd) => readlink(join(process, "fd", fd)).catch(() => "")),
    );
    const sockets = new Set(targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []));
    const table = await readFile(join(process, "net/tcp"), "latin1");
    return table.split("\n").flatMap((line) => listeningAddress(line, sockets) ?? []);
  } catch {
    // A process that has just ended, or of another user.
    return [];
  }
}

/** By the name of its program, or by the folder of a peer as its argument. */
async function isGoop(process: string): Promise<boolean> {
  if (/^goop/i.test(basename(await readlink(join(process, "exe"))))) return true;
  const [, ...args] = (await readFile(join(process, "cmdline"), "utf8")).split("\0");
  const folder = args.find((one) => one !== "" && !one.startsWith("-"));
  if (folder === undefined) return false;
  const cwd = await readlink(join(process, "cwd"));
  return await access(resolve(cwd, folder, "goop.json")).then(
    () => true,
    () => false,
  );
}

/** @param line of /proc/net/tcp: number, local address, remote address, state, …, inode */
function listeningAddress(line: string, sockets: ReadonlySet<string>): string | undefined {
  const [, local = "", , state, , , , , , inode = ""] = line.trim().split(/\s+/);
  if (state !== LISTENING || !sockets.has(inode)) return undefined;
  const [, host = "", port = ""] = /^([\dA-F]{8}):([\dA-F]{4})$/.exec(local) ?? [];
  // The kernel writes the address in the byte order of the machine, which is little-endian on all that we support.
  const bytes = [...Buffer.from(host, "hex")].reverse();
  if (bytes.length !== 4) return undefined;
  const name = bytes.every((byte) => byte === 0) ? "127.0.0.1" : bytes.join(".");
  return `http://${name}:${Number.parseInt(port, 16)}`;
}

/** @returns undefined when it is no Goop² */
async function askWhoAnswers(
  address: string,
  signal: AbortSignal,
): Promise<(RunningGoop & { readonly peerId: string }) | undefined> {
  const url = new URL(address);
  try {
    const self = selfSchema.safeParse(await createGoopClient(url, ANSWER_MS).getJson("/api/self", signal));
    return self.success
      ? { url, peerId: self.data.id, label: self.data.label || self.data.id.slice(-8) }
      : undefined;
  } catch (error) {
    if (!(error instanceof GoopError)) throw error;
    return undefined;
  }
}
