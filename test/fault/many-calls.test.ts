// A hundred calls in a row between two lasting processes: nothing may be left of any of them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { connectCall, type PluginProcess, startPair } from "../support/plugin-process.ts";
import { figuresOfTree, type ProcessFigures } from "../support/process-figures.ts";

const CALLS = 100;
/** Pools, caches and the engine's threads are full by then. */
const WARM_UP = 20;
/**
 * What a process holds at one moment breathes by 40 MB, with the collector and glibc's arenas; the least that it holds over
 * so many calls does so by a few. A leak lifts that, too.
 */
const BREATHS = 30;
/** Two processes breathe by 18 MB so; a leak of 0.7 MB a call would show as 35 or more. */
const LEAK_BYTES = 30 * 1024 * 1024;

test(`${CALLS} calls leave no descriptor, thread, child or memory behind, and both processes end with status 0`, async (t) => {
  const collecting = { nodeArgs: ["--expose-gc", "--import", collectEverySecond()] };
  const { alice, bob, stop } = await startPair(collecting, collecting);
  try {
    const figures: { name: string; pid: number; afterCall: ProcessFigures[] }[] = [
      { name: "Alice", pid: alice.pid, afterCall: [] },
      { name: "Bob", pid: bob.pid, afterCall: [] },
    ];
    for (let number = 1; number <= CALLS; number += 1) {
      await oneCall(number % 2 === 0 ? alice : bob, number % 2 === 0 ? bob : alice);
      for (const { pid, afterCall } of figures) afterCall.push(figuresOfTree(pid));
    }
    for (const { name, afterCall } of figures) {
      const [before, now] = [
        leastOf(afterCall.slice(WARM_UP, WARM_UP + BREATHS)),
        leastOf(afterCall.slice(-BREATHS)),
      ];
      t.diagnostic(
        `${name}: ${Math.round(before.residentBytes / 1e6)} MB after ${WARM_UP} calls, ` +
          `${Math.round(now.residentBytes / 1e6)} MB after ${CALLS}; ${before.descriptors} → ${now.descriptors} descriptors, ` +
          `${before.threads} → ${now.threads} threads`,
      );
      assert.ok(now.residentBytes - before.residentBytes < LEAK_BYTES, "memory grew");
      assert.ok(now.descriptors <= before.descriptors + 1, "descriptors grew");
      assert.ok(now.threads <= before.threads, "threads grew");
      assert.equal(now.children, before.children, "children grew");
    }
    assert.deepEqual([await alice.stop(), await bob.stop()], [0, 0]);
  } finally {
    await stop();
  }
});

/** Of each figure the least: what is never given back. */
function leastOf(all: readonly ProcessFigures[]): ProcessFigures {
  const least = (pick: (figures: ProcessFigures) => number) => Math.min(...all.map(pick));
  return {
    residentBytes: least(({ residentBytes }) => residentBytes),
    descriptors: least(({ descriptors }) => descriptors),
    threads: least(({ threads }) => threads),
    children: least(({ children }) => children),
    cpuSeconds: least(({ cpuSeconds }) => cpuSeconds),
  };
}

async function oneCall(caller: PluginProcess, callee: PluginProcess): Promise<void> {
  const callId = await connectCall(caller, callee);
  const { stream } = await callee.host.request("frames.subscribe", { callId, source: "remote" });
  const framed = new Promise<void>((resolve) => {
    const off = callee.host.onFrameLine((line) => {
      if (!line.includes(stream)) return;
      off();
      resolve();
    });
  });
  await framed;
  await caller.host.request("call.hangup", { callId });
  const ofCall = (end: { callId: string }) => end.callId === callId;
  await Promise.all([caller.next("call.ended", ofCall), callee.next("call.ended", ofCall)]);
}

/** Engine objects are freed by the collector only, which an idle process has no reason to run. */
function collectEverySecond(): string {
  return "data:text/javascript,setInterval(() => globalThis.gc(), 1000).unref()";
}
