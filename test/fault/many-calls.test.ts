// A hundred calls in a row between two processes, which must not leak.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { connectCall, type PluginProcess, startPair } from "../support/plugin/plugin-process.ts";
import { figuresOfTree, type ProcessFigures } from "../support/process/process-figures.ts";

const CALLS = 100;
/** After so many calls, pools and caches are full and the engine's threads exist. */
const WARM_UP = 20;
/**
 * The memory of a process varies by 40 MB, because of the collector and glibc's arenas. Its minimum over so many calls varies by
 * a few. A leak raises the minimum, too.
 */
const WINDOW = 30;
/** The minimum of two processes varies by 18 MB. A leak of 0.7 MB a call would show as 35 MB or more. */
const LEAK_BYTES = 30 * 1024 * 1024;
/** The JavaScript heap after a collection varies by 3 MB only, so this finds leaks from 0.2 MB a call. */
const HEAP_LEAK_BYTES = 8 * 1024 * 1024;

type Figures = ProcessFigures & { readonly heapBytes: number };

test(`${CALLS} calls leak no descriptor, thread, child or memory, and both processes exit with status 0`, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "many-calls-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const [aliceHeap, bobHeap] = [join(folder, "alice"), join(folder, "bob")];
  const { alice, bob, stop } = await startPair(withCollection(aliceHeap), withCollection(bobHeap));
  try {
    const figures: { name: string; pid: number; heap: string; afterCall: Figures[] }[] = [
      { name: "Alice", pid: alice.pid, heap: aliceHeap, afterCall: [] },
      { name: "Bob", pid: bob.pid, heap: bobHeap, afterCall: [] },
    ];
    const callAlternately = async (): Promise<void> => {
      for (let number = 1; number <= CALLS; number += 1) {
        await oneCall(number % 2 === 0 ? alice : bob, number % 2 === 0 ? bob : alice);
        for (const { pid, heap, afterCall } of figures) {
          afterCall.push({ ...figuresOfTree(pid), heapBytes: Number(readFileSync(heap, "utf8")) });
        }
      }
    };
    await callAlternately();
    // A leak grows with each call. A single step of the allocator does not repeat.
    const hasStepped = figures.some(({ afterCall }) => residentGrowth(afterCall, WARM_UP) >= LEAK_BYTES);
    if (hasStepped) {
      t.diagnostic(`memory grew; ${CALLS} more calls show whether it continues`);
      await callAlternately();
    }
    for (const { name, afterCall } of figures) {
      const [before, now] = [
        leastOf(afterCall.slice(WARM_UP, WARM_UP + WINDOW)),
        leastOf(afterCall.slice(-WINDOW)),
      ];
      const grown = residentGrowth(afterCall, hasStepped ? CALLS - WINDOW : WARM_UP);
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

/** Growth from the calls after the first `from` calls to the last calls. */
function residentGrowth(afterCall: readonly Figures[], from: number): number {
  const before = leastOf(afterCall.slice(from, from + WINDOW));
  return leastOf(afterCall.slice(-WINDOW)).residentBytes - before.residentBytes;
}

/** The minimum of each figure. */
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
 * Makes a process collect garbage each second, because only the collector frees engine objects and an idle process does not run
 * it. Then it writes the size of the heap and external memory to a file. Renaming the file prevents reading half a number.
 */
function withCollection(heapFile: string): { nodeArgs: string[] } {
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
