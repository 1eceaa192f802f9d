// The engine's known crashes (plugin/peer/README.md), each kept away by how we use it. They are races, so each
// program runs several times.

import assert from "node:assert/strict";
import { test } from "node:test";
import { runChild } from "./wrtc-child.ts";

const RUNS = 3;

async function endsWell(program: string, argument: string): Promise<string[]> {
  const said: string[] = [];
  for (let run = 1; run <= RUNS; run++) {
    const end = await runChild(program, argument);
    assert.deepEqual(
      { status: end.status, signal: end.signal },
      { status: 0, signal: null },
      `run ${run} of ${program} ${argument}: ${end.stderr.slice(-2000)}`,
    );
    said.push(end.stdout);
  }
  return said;
}

test("200 short calls, closed while candidates are gathered, end with status 0", async () => {
  for (const said of await endsWell("wrtc-calls.child.ts", "200")) assert.equal(said, "made 200\n");
});

test("process.exit in mid-call ends with status 0", async () => {
  await endsWell("wrtc-end.child.ts", "exit-in-call");
});

test("process.exit after a call ends with status 0", async () => {
  await endsWell("wrtc-end.child.ts", "exit-after-close");
});

test("close leaves nothing that keeps the process alive", async () => {
  for (const said of await endsWell("wrtc-end.child.ts", "drain")) assert.equal(said, "nothing left to do\n");
});
