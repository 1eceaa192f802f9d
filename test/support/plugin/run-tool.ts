// Runs one of the program's commands to its end, like a user at a terminal.

import { fileURLToPath } from "node:url";
import { type Ended, run } from "../process/cpp-build.ts";

const MAIN = fileURLToPath(new URL("../../../plugin/main.ts", import.meta.url));
/** Enough for a few seconds of capture on a busy machine. */
const LIMIT_MS = 60_000;

export function runTool(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Ended> {
  return run(process.execPath, [MAIN, ...args], { env, limitMs: LIMIT_MS });
}
