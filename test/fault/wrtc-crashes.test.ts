// The engine's known crashes (plugin/peer/README.md), which we avoid by the way we use the engine. They are races, so each
// program runs several times.

import assert from "node:assert/strict";
import { test } from "node:test";
import { runChild } from "./wrtc-child.ts";

const RUNS = 3;

async function outputsOf(program: string, argument: string): Promise<string[]> {
  const outputs: string[] = [];
  for (let run = 1; run <= RUNS; run++) {
    const end = await runChild(program, argument);
    assert.deepEqual(
      { status: end.status, signal: end.signal },
      { status: 0, signal: null },
      `run ${run} of ${program} ${argument}: ${end.stderr.slice(-2000)}`,
    );
    outputs.push(end.stdout);
  }
  return outputs;
}

test("a process exits with status 0 after 200 short calls that close while candidates are gathered", async () => {
  for (const output of await outputsOf("wrtc-calls.child.ts", "200")) assert.equal(output, "made 200\n");
});

test("process.exit during a call exits with status 0", async () => {
  await outputsOf("wrtc-end.child.ts", "exit-in-call");
});

test("process.exit after a call exits with status 0", async () => {
  await outputsOf("wrtc-end.child.ts", "exit-after-close");
});

test("after close nothing keeps the process alive", async () => {
  for (const output of await outputsOf("wrtc-end.child.ts", "drain"))
    assert.equal(output, "nothing left to do\n");
});
