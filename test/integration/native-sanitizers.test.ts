// The three addons under sanitizers in Node: captures, lent frames, encoders, and many worker threads that are terminated
// during a capture.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { startVideoDaemon } from "../support/camera/video-daemon.ts";
import type { Ended } from "../support/process/cpp-build.ts";
import { assertNotGrown, type HeldResources } from "../support/process/held-resources.ts";
import { buildSanitizedAddon, type Sanitizer } from "../support/process/sanitized-addon.ts";
import { addonRaces } from "../support/process/thread-reports.ts";
import { startBusyDisplay } from "../support/screen/busy-display.ts";

const SCRIPT = fileURLToPath(new URL("./native-sanitizers.child.ts", import.meta.url));
const OPTIONS: Readonly<Record<Sanitizer, NodeJS.ProcessEnv>> = {
  // Node frees much memory only at its end, so the script counts the addon's resources instead.
  address: { ASAN_OPTIONS: "detect_leaks=0", UBSAN_OPTIONS: "print_stacktrace=1" },
  // The sanitizer does not see Node's own synchronisation, so the reports are filtered here and the status is ignored.
  thread: { TSAN_OPTIONS: "exitcode=0 report_signal_unsafe=0 history_size=4" },
};

interface Holdings extends HeldResources {
  readonly arrayBuffers: number;
}

interface Report {
  readonly before: Holdings;
  readonly after: Holdings;
  readonly totals: Readonly<
    Record<"captured" | "faulty" | "dropped" | "delivered" | "seen" | "encoded" | "stamps", number>
  >;
}

/** Both run before the first test: a hook at the end of the tests would stop the daemon and the display between them. */
async function runUnder(sanitizer: Sanitizer, environment: NodeJS.ProcessEnv): Promise<Ended> {
  const addon = await buildSanitizedAddon(sanitizer);
  try {
    return await addon.runScript(SCRIPT, { ...environment, ...OPTIONS[sanitizer] });
  } finally {
    await addon.remove();
  }
}

async function runBoth(): Promise<Record<Sanitizer, Ended>> {
  const daemon = await startVideoDaemon();
  try {
    await daemon.addNode({ name: "raw", modes: ["YUY2:320x240@30"] });
    await daemon.addNode({ name: "jpeg", modes: ["MJPG:320x240@30"] });
    const display = await startBusyDisplay();
    try {
      const environment = { ...daemon.env, DISPLAY: display.name };
      const address = await runUnder("address", environment);
      return { address, thread: await runUnder("thread", environment) };
    } finally {
      await display.end();
    }
  } finally {
    await daemon.stop();
  }
}

const results = await runBoth();

for (const sanitizer of ["address", "thread"] as const) {
  const ended = results[sanitizer];

  describe(`the addon in Node under the sanitizer for ${sanitizer}`, () => {
    test("runs to its end without a report about the addon", () => {
      assert.equal(ended.status, 0, ended.stderr.slice(0, 8_000) + ended.stderr.slice(-4_000));
      if (sanitizer === "thread") assert.deepEqual(addonRaces(ended.stderr), []);
      else assert.equal(ended.stderr, "");
    });

    test("releases every descriptor, thread and buffer, and accounts for every frame", () => {
      const { before, after, totals } = JSON.parse(ended.stdout) as Report;
      assertNotGrown(before, after);
      assert.equal(totals.captured, totals.faulty + totals.dropped + totals.delivered);
      assert.equal(totals.seen, totals.delivered);
      assert.equal(totals.faulty, 0);
      assert.ok(totals.encoded > 0 && totals.stamps > 0);
    });
  });
}
