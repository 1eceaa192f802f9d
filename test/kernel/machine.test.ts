// The kernel machine itself: it returns a command's output, files and status, and ends it at a time limit.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { isCrashOfEmulation } from "../support/kernel-vm/guest-crash.ts";
import { runInVm } from "../support/kernel-vm/run-in-vm.ts";
import { run } from "../support/process/cpp-build.ts";

/** One crashes while it is loaded. In the other, V8 stops as it does when it finds its own data damaged. */
const CRASHES = [
  "node --disable-wasm-trap-handler -e 'process.dlopen({ exports: {} }, \"/run/out/crash.node\")'",
  "node --allow-natives-syntax -e '%SystemBreak()'",
];
const OUTPUT = "echo said; echo complained >&2; cp /proc/asound/cards /run/out; ls /dev/video0 /dev/video60";

describe("a command in the kernel machine", async () => {
  const outDir = await mkdtemp(join(tmpdir(), "kernel-vm-"));
  after(() => rm(outDir, { recursive: true }));
  const source = join(outDir, "crash.c");
  await writeFile(
    source,
    "__attribute__((constructor)) static void crash(void) { *(volatile int *)8 = 1; }\n",
  );
  const built = await run("gcc", ["-shared", "-fPIC", "-o", join(outDir, "crash.node"), source]);
  assert.equal(built.status, 0, built.stderr);
  const quiet = CRASHES.map((crash) => `${crash} 2>/dev/null`);
  const script = [OUTPUT, ...quiet, "exit 7"].join("; ");
  const result = await runInVm({ command: ["bash", "-c", script], outDir, timeoutS: 90 });

  test("returns its output, its status and the files that it writes, and has the drivers", async () => {
    assert.deepEqual([result.status, result.stdout], [7, "said\n/dev/video0\n/dev/video60\n"]);
    assert.match(result.stderr, /^complained\n/);
    assert.match(await readFile(join(outDir, "cards"), "utf8"), /Loopback/);
  });

  test("returns what the kernel logged of crashes, and which of them is not the add-on's", () => {
    const [inAddOn = "", inNode = "", ...others] = result.crashes;
    assert.match(inAddOn, / segfault at 8 .* in crash\.node\[/);
    assert.match(inNode, / trap int3 .* in node\[/);
    assert.deepEqual(others, []);
    const silent = { stdout: "", stderr: "" };
    assert.ok(!isCrashOfEmulation({ ...silent, status: 139, crashes: [inAddOn] }));
    assert.ok(isCrashOfEmulation({ ...silent, status: 133, crashes: [inNode] }));
  });
});

test("a command that does not end is killed at the limit with status 124", async () => {
  const result = await runInVm({ command: ["sleep", "1000"], timeoutS: 3 });
  assert.equal(result.status, 124);
  assert.match(result.stderr, /ended without a status; the limit is 3 s/);
});
