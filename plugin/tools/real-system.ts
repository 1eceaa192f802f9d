// The machine itself, for the doctor. It judges nothing; every question to it has a deadline.

import { execFile } from "node:child_process";
import { accessSync, constants, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { createConnection } from "node:net";
import { userInfo } from "node:os";
import { dirname } from "node:path";
import type { RunResult, SystemView } from "./system-view.ts";

/** ldd takes 50 ms; far more means that it hangs. */
const RUN_LIMIT_MS = 10_000;
/** A local socket answers at once or never. */
const CONNECT_LIMIT_MS = 1_000;

/** @param environment the process's own; only the program itself reads it */
export function realSystem(environment: Readonly<Record<string, string | undefined>>): SystemView {
  const { username, uid } = userInfo();
  return {
    nodeVersion: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    environment,
    user: { name: username, id: uid, groups: process.getgroups?.() ?? [] },
    readText: (path) => orNull(() => readFileSync(path, "utf8")),
    list: (path) => orNull(() => readdirSync(path)) ?? [],
    linkTarget: (path) => orNull(() => readlinkSync(path)),
    owner: (path) => orNull(() => ({ group: statSync(path).gid })),
    canOpen: (path) => orNull(() => accessSync(path, constants.R_OK | constants.W_OK)) !== null,
    packageFolder: (manifest) => orNull(() => dirname(createRequire(import.meta.url).resolve(manifest))),
    run,
    connects,
  };
}

/** What cannot be had is an answer here, and which errno it was does not matter. */
function orNull<T>(ask: () => T): T | null {
  try {
    return ask();
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
