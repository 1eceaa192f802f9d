// Priorities of threads, in processes of their own.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { loadNative } from "../../../native/index.ts";

const run = promisify(execFile);
const SPIN = fileURLToPath(new URL("../priority/spin.child.ts", import.meta.url));
const INDEX = new URL("../../../native/index.ts", import.meta.url);

/**
 * The whole output of a process that runs this code with the addon as `native`.
 * @param wrap a program and arguments that replace themselves by the process
 */
async function outputOf(code: string, wrap: readonly string[] = []): Promise<string> {
  const script = `import { loadNative } from "${INDEX}"; import { readFileSync } from "node:fs"; const native = loadNative(); ${code}`;
  const [program = "", ...args] = [...wrap, process.execPath, "--input-type=module-typescript", "-e", script];
  const { stdout } = await run(program, args);
  return stdout.trim();
}

test("a thread with real time that never pauses loses it, and its process goes on", {
  timeout: 60_000,
}, async () => {
  const { stdout, stderr } = await run(process.execPath, [SPIN]);
  const [RR, OTHER] = ["2", "0"];
  assert.equal(stdout.trim(), `${RR} ${OTHER}`);
  assert.match(stderr, /real time is given up/);
});

test("what a thread of a raised niceness starts has the usual one", { timeout: 60_000 }, async () => {
  const code = `native.setNiceness(process.pid, -5);
    const { execFileSync } = await import("node:child_process");
    console.log(execFileSync("nice").toString().trim(), (await import("node:os")).getPriority());`;
  assert.equal(await outputOf(code), "0 -5");
});

test("a program whose real time is withheld has none to take, until it allows itself", {
  timeout: 60_000,
}, async () => {
  const code = `const soft = () => /Max realtime priority +(\\S+)/.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    const before = soft(); native.withholdRealTime(); const withheld = soft(); native.guardRealTime(1000, 2000);
    console.log(withheld, soft() === before);`;
  assert.equal(await outputOf(code), "0 true");
});

test("a session's own lower limit for real time is kept, with a warning before the kill", {
  timeout: 60_000,
}, async () => {
  const code = `native.guardRealTime(100000, 200000);
    console.log(/Max realtime timeout +(\\S+) +(\\S+)/.exec(readFileSync("/proc/self/limits", "utf8"))?.slice(1).join());`;
  assert.equal(await outputOf(code, ["prlimit", "--rttime=60000:60000"]), "30000,60000");
});

test("arguments outside their range name the field", () => {
  const native = loadNative();
  assert.throws(() => native.setRealTime(1, 0), /^RangeError: priority: 0, expected 1 to 99$/);
  assert.throws(() => native.setNiceness(0, 0), /^RangeError: tid: 0, expected 1 to/);
  assert.throws(() => native.guardRealTime(2, 1), /^RangeError: softUs: 2, expected 1 to 1$/);
});
