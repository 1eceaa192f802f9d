// Preloaded into a plugin by pool-counts.ts. Counts the frames that the add-on for X11 has lent, and the buffers of frames
// whose memory is held, those of cameras too. SIGUSR2 writes the counts to stderr.

import { writeSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { isMainThread } from "node:worker_threads";
import type { BoundCapture, BoundListener } from "../../../native/binding.ts";
import type { PoolCounts } from "./pool-counts.ts";

type Open = (...args: unknown[]) => Promise<BoundCapture>;

const buffers: WeakRef<ArrayBuffer>[] = [];
let opened = 0;
let lent = 0;
let reports = 0;

/** The façade finds the wrapped function too, since an add-on is loaded once. */
function wrap(addon: string, name: string, onLent: (change: 1 | -1) => void): void {
  const path = fileURLToPath(new URL(`../../../native/build/Release/${addon}.node`, import.meta.url));
  const loaded = createRequire(import.meta.url)(path) as Record<string, Open>;
  const open = loaded[name];
  if (open === undefined) throw new Error(`${path} has no function ${name}`);
  loaded[name] = async (...args) => {
    // The listener is always the last argument.
    const listener = args.pop() as BoundListener;
    const counting: BoundListener = (slot, ...rest) => {
      if (slot >= 0) onLent(1);
      listener(slot, ...rest);
    };
    const bound = await open(...args, counting);
    opened += 1;
    buffers.push(...bound.buffers.map((buffer) => new WeakRef(buffer)));
    const giveBack = (slot: number) => {
      onLent(-1);
      bound.giveBack(slot);
    };
    return { ...bound, giveBack };
  };
}

if (isMainThread) {
  wrap("callnative", "openCapture", () => undefined);
  wrap("callx11", "openScreen", (change) => {
    lent += change;
  });
  process.on("SIGUSR2", () => {
    globalThis.gc?.();
    const held = buffers.filter((buffer) => buffer.deref() !== undefined).length;
    const counts: PoolCounts = { opened, buffers: held, lent };
    reports += 1;
    writeSync(2, `pool counts ${reports}: ${JSON.stringify(counts)}\n`);
  });
}
