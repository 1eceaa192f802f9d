// The kernel machine itself: it returns a command's output, files and status, and ends it at a time limit.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { runInVm } from "../support/kernel-vm/run-in-vm.ts";

test("output, status, written files and drivers of a command are returned from the machine", async () => {
  const outDir = await mkdtemp(join(tmpdir(), "kernel-vm-"));
  try {
    const script =
      "echo said; echo complained >&2; cp /proc/asound/cards /run/out; ls /dev/video0 /dev/video60; exit 7";
    const result = await runInVm({ command: ["sh", "-c", script], outDir, timeoutS: 90 });
    assert.deepEqual(
      [result.status, result.stdout, result.stderr],
      [7, "said\n/dev/video0\n/dev/video60\n", "complained\n"],
    );
    assert.match(await readFile(join(outDir, "cards"), "utf8"), /Loopback/);
  } finally {
    await rm(outDir, { recursive: true });
  }
});

test("a command that does not end is killed at the limit with status 124", async () => {
  const result = await runInVm({ command: ["sleep", "1000"], timeoutS: 3 });
  assert.equal(result.status, 124);
  assert.match(result.stderr, /ended without a status; the limit is 3 s/);
});
