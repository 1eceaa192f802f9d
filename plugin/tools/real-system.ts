// Implements SystemView for the real machine. Every program and socket has a time limit.

import { execFile } from "node:child_process";
import { accessSync, constants, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { createConnection } from "node:net";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { failureText } from "../common/system-failure.ts";
import { userName } from "../common/user-name.ts";
import type { RunResult, SystemView } from "./system-view.ts";

/** ldd takes 50 ms, so it hangs if it takes this long. */
const RUN_LIMIT_MS = 10_000;
/** A local socket that accepts connections does so at once. */
const CONNECT_LIMIT_MS = 1_000;

/** The Node of a package, seen from dist/plugin/tools/. */
const PACKAGED_NODE = fileURLToPath(new URL("../../../bin/node", import.meta.url));

/**
 * @param environment the process environment, which only main.ts reads
 * @param engines what the doctor asks of the plugin's engines
 */
export function realSystem(
  environment: Readonly<Record<string, string | undefined>>,
  {
    soundDevices,
    soundEngineProblem,
    testIceServer,
    realTimeOffer,
    pipeWireCameras,
    unreadableNodes,
    screens,
  }: Pick<
    SystemView,
    | "soundDevices"
    | "soundEngineProblem"
    | "testIceServer"
    | "realTimeOffer"
    | "pipeWireCameras"
    | "unreadableNodes"
    | "screens"
  >,
): SystemView {
  return {
    nodeVersion: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    environment,
    user: { name: userName(), id: process.getuid?.() ?? 0, groups: process.getgroups?.() ?? [] },
    readText: (path) => orNull(() => readFileSync(path, "utf8")),
    whyUnreadable,
    list: (path) => orNull(() => readdirSync(path)) ?? [],
    linkTarget: (path) => orNull(() => readlinkSync(path)),
    owner: (path) => orNull(() => ({ group: statSync(path).gid })),
    canOpen: (path) => orNull(() => accessSync(path, constants.R_OK | constants.W_OK)) !== null,
    packageFolder: (manifest) => orNull(() => dirname(createRequire(import.meta.url).resolve(manifest))),
    run,
    connects,
    isPackaged: process.execPath === PACKAGED_NODE,
    soundEngineProblem,
    soundDevices,
    testIceServer,
    realTimeOffer,
    pipeWireCameras,
    unreadableNodes,
    screens,
  };
}

function whyUnreadable(path: string): string {
  try {
    readFileSync(path);
    return "it can be read now";
  } catch (error) {
    return failureText(error);
  }
}

/** A failure is a valid answer here, whatever its error code. */
function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

function run(program: string, args: readonly string[]): Promise<RunResult | null> {
  return new Promise((resolve) => {
    const child = execFile(program, args, { timeout: RUN_LIMIT_MS }, (error, stdout) => {
      if (error === null) resolve({ status: 0, stdout });
      else resolve(typeof error.code === "number" ? { status: error.code, stdout } : null);
    });
    child.stdin?.end();
  });
}

function connects(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(CONNECT_LIMIT_MS, () => end(false));
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
  });
}
