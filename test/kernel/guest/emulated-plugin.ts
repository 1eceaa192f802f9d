// A plugin process in the kernel machine, with its program, its camera, and the timeouts that emulation needs.

import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { PluginProcess, PluginProcessOptions } from "../../support/plugin/plugin-process.ts";

export const VIVID_ID = "platform:vivid-000 vivid";
export const LOOPBACK_ID = "platform:v4l2loopback-000 loopback";

/** The compiled program: stripping types takes an emulated processor many seconds. */
const MAIN = fileURLToPath(new URL("../../../dist/plugin/main.js", import.meta.url));
/** Emulation makes every step slow, and these tests do not measure time. */
const SLOW = {
  requestMs: 60_000,
  negotiationMs: 120_000,
  connectMs: 120_000,
  lostMs: 60_000,
  restartMs: 120_000,
};
export const WAIT_MS = 120_000;
const POLL_LIMIT_MS = 60_000;
/** proc_net_tcp(5): sl, local, remote, state, queues, timer, retransmits, uid, timeout, inode. */
const INODE_COLUMN = 9;

/** With this camera and without sound. */
export function emulated(camera: string): PluginProcessOptions {
  return {
    main: MAIN,
    waitMs: WAIT_MS,
    settings: {
      signalling: { listen: ["/ip4/127.0.0.1/tcp/0"], mdns: false },
      iceServers: [],
      timeouts: SLOW,
      camera,
      microphone: "none",
      speaker: "none",
      // An emulated processor is always overloaded. Adaptation is not tested here.
      adaptation: false,
      picture: { width: 320, height: 180, fps: 2 },
    },
  };
}

/** Device nodes of cameras that the process has open. */
export function openCameras({ pid }: PluginProcess): string[] {
  return openFiles(pid).filter((target) => target.startsWith("/dev/video"));
}

export interface Held {
  /** The number of each kind. Connections are not counted, because they do not depend on cameras. */
  readonly descriptors: Readonly<Record<string, number>>;
  readonly threads: number;
  readonly deviceMaps: number;
}

/** The open and mapped resources of the process. */
export function holdingsOf({ pid }: PluginProcess): Held {
  const maps = readFileSync(`/proc/${pid}/maps`, "utf8").split("\n");
  const connections = connectionsOf(pid);
  const descriptors: Record<string, number> = {};
  for (const target of openFiles(pid).sort()) {
    if (connections.has(target)) continue;
    const kind = target.replace(/:\[\d+\]$/, "");
    descriptors[kind] = (descriptors[kind] ?? 0) + 1;
  }
  return {
    descriptors,
    threads: readdirSync(`/proc/${pid}/task`).length,
    deviceMaps: maps.filter((line) => line.includes("/dev/video")).length,
  };
}

/** The names in /proc/PID/fd. */
function connectionsOf(pid: number): Set<string> {
  const tables = ["tcp", "tcp6", "udp", "udp6"].map((name) =>
    readFileSync(`/proc/${pid}/net/${name}`, "utf8"),
  );
  const lines = tables.flatMap((table) => table.trim().split("\n").slice(1));
  return new Set(lines.map((line) => `socket:[${line.trim().split(/\s+/)[INODE_COLUMN]}]`));
}

/** Hosts are notified at once, and devices are closed a moment later. */
export async function untilClosed(one: PluginProcess): Promise<void> {
  await poll(() => openCameras(one).length === 0);
}

/** The resources once they match, or at the time limit. */
export async function holdingsWhen(one: PluginProcess, fits: (held: Held) => boolean): Promise<Held> {
  let held = holdingsOf(one);
  await poll(() => {
    held = holdingsOf(one);
    return fits(held);
  });
  return held;
}

/** Polls, because /proc has no change events. */
async function poll(isThere: () => boolean): Promise<void> {
  const deadline = Date.now() + POLL_LIMIT_MS;
  while (!isThere() && Date.now() < deadline) await new Promise((resolve) => setImmediate(resolve));
}

function openFiles(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      return []; // closed meanwhile
    }
  });
}
