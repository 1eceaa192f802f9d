// A hundred calls in a row between two lasting processes: nothing may be left of any of them.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { connectCall, type PluginProcess, startPair } from "../support/plugin/plugin-process.ts";
import { figuresOfTree, type ProcessFigures } from "../support/process/process-figures.ts";

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
/** JavaScript's own, after a collection, breathes by 3 MB only, and so tells of leaks from 0.2 MB a call. */
const HEAP_LEAK_BYTES = 8 * 1024 * 1024;

type Figures = ProcessFigures & { readonly heapBytes: number };

test(`${CALLS} calls leave no descriptor, thread, child or memory behind, and both processes end with status 0`, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "many-calls-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const [aliceHeap, bobHeap] = [join(folder, "alice"), join(folder, "bob")];
  const { alice, bob, stop } = await startPair(collecting(aliceHeap), collecting(bobHeap));
  try {
    const figures: { name: string; pid: number; heap: string; afterCall: Figures[] }[] = [
      { name: "Alice", pid: alice.pid, heap: aliceHeap, afterCall: [] },
      { name: "Bob", pid: bob.pid, heap: bobHeap, afterCall: [] },
    ];
    const callByTurns = async (): Promise<void> => {
      for (let number = 1; number <= CALLS; number += 1) {
        await oneCall(number % 2 === 0 ? alice : bob, number % 2 === 0 ? bob : alice);
        for (const { pid, heap, afterCall } of figures) {
          afterCall.push({ ...figuresOfTree(pid), heapBytes: Number(readFileSync(heap, "utf8")) });
        }
      }
    };
    await callByTurns();
    // What is left of calls grows with each of them; a step that the allocator made once does not come again.
    const hasStepped = figures.some(({ afterCall }) => residentGrowth(afterCall, WARM_UP) >= LEAK_BYTES);
    if (hasStepped) {
      t.diagnostic(`memory grew; ${CALLS} calls more tell whether it goes on`);
      await callByTurns();
    }
    for (const { name, afterCall } of figures) {
      const [before, now] = [
        leastOf(afterCall.slice(WARM_UP, WARM_UP + BREATHS)),
        leastOf(afterCall.slice(-BREATHS)),
      ];
      const grown = residentGrowth(afterCall, hasStepped ? CALLS - BREATHS : WARM_UP);
      t.diagnostic(
        `${name}: ${Math.round(before.residentBytes / 1e6)} MB after ${WARM_UP} calls, ` +
          `${Math.round(now.residentBytes / 1e6)} MB after ${afterCall.length}, ` +
          `heap ${(before.heapBytes / 1e6).toFixed(1)} → ${(now.heapBytes / 1e6).toFixed(1)} MB; ${before.descriptors} → ${now.descriptors} descriptors, ` +
          `${before.threads} → ${now.threads} threads`,
      );
      assert.ok(grown < LEAK_BYTES, `${name}: memory grew by ${Math.round(grown / 1e6)} MB`);
      assert.ok(now.heapBytes - before.heapBytes < HEAP_LEAK_BYTES, "JavaScript's memory grew");
      assert.ok(now.descriptors <= before.descriptors + 1, "descriptors grew");
      assert.ok(now.threads <= before.threads, "threads grew");
      assert.equal(now.children, before.children, "children grew");
    }
    assert.deepEqual([await alice.stop(), await bob.stop()], [0, 0]);
  } finally {
    await stop();
  }
});

/** From the calls that follow the first `from` to the last ones. */
function residentGrowth(afterCall: readonly Figures[], from: number): number {
  const before = leastOf(afterCall.slice(from, from + BREATHS));
  return leastOf(afterCall.slice(-BREATHS)).residentBytes - before.residentBytes;
}

/** Of each figure the least: what is never given back. */
function leastOf(all: readonly Figures[]): Figures {
  const least = (pick: (figures: Figures) => number) => Math.min(...all.map(pick));
  return {
    heapBytes: least(({ heapBytes }) => heapBytes),
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

/**
 * Engine objects are freed by the collector only, which an idle process has no reason to run. Writes how many bytes the heap
 * and what hangs on it then take; by renaming, so that nobody reads half a number.
 */
function collecting(heapFile: string): { nodeArgs: string[] } {
  const script = `
    import { renameSync, writeFileSync } from "node:fs";
    const file = ${JSON.stringify(heapFile)};
    const collect = () => {
      globalThis.gc();
      const { heapUsed, external } = process.memoryUsage();
      writeFileSync(file + ".new", String(heapUsed + external));
      renameSync(file + ".new", file);
    };
    collect();
    setInterval(collect, 1000).unref();`;
  return { nodeArgs: ["--expose-gc", "--import", `data:text/javascript,${encodeURIComponent(script)}`] };
}
