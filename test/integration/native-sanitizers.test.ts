// The whole addon under sanitizers, in Node: captures, pictures lent and given back, encoders, and threads of JavaScript that
// end in mid-capture, many at once.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { buildSanitizedAddon, type Sanitizer } from "../support/process/sanitized-addon.ts";
import { addonRaces } from "../support/process/thread-reports.ts";

const SCRIPT = fileURLToPath(new URL("./native-sanitizers.child.ts", import.meta.url));
const OPTIONS: Readonly<Record<Sanitizer, NodeJS.ProcessEnv>> = {
  // Node gives much back only by ending; what the addon holds is counted by the script instead.
  address: { ASAN_OPTIONS: "detect_leaks=0", UBSAN_OPTIONS: "print_stacktrace=1" },
  // Node's own synchronisation is not seen, so the reports are sorted here and do not decide the status.
  thread: { TSAN_OPTIONS: "exitcode=0 report_signal_unsafe=0 history_size=4" },
};

interface Holdings {
  readonly fds: number;
  readonly threads: number;
  readonly arrayBuffers: number;
}

interface Report {
  readonly before: Holdings;
  readonly after: Holdings;
  readonly totals: Readonly<
    Record<"captured" | "faulty" | "dropped" | "delivered" | "seen" | "encoded" | "stamps", number>
  >;
}

for (const sanitizer of ["address", "thread"] as const) {
  const addon = await buildSanitizedAddon(sanitizer);
  const ended = await addon.runScript(SCRIPT, OPTIONS[sanitizer]);
  after(() => addon.remove());

  describe(`the addon in Node under the sanitizer for ${sanitizer}`, () => {
    test("runs to its end without a complaint about the addon", () => {
      assert.equal(ended.status, 0, ended.stderr.slice(0, 8_000));
      if (sanitizer === "thread") assert.deepEqual(addonRaces(ended.stderr), []);
      else assert.equal(ended.stderr, "");
    });

    test("gives every descriptor, thread and buffer back, and accounts for every picture", () => {
      const { before, after: afterwards, totals } = JSON.parse(ended.stdout) as Report;
      // The engine's own buffers go when its collector likes: fewer than before are no leak.
      const { arrayBuffers, ...counted } = afterwards;
      assert.deepEqual(counted, { fds: before.fds, threads: before.threads });
      assert.ok(arrayBuffers <= before.arrayBuffers, `${arrayBuffers} bytes, ${before.arrayBuffers} before`);
      assert.equal(totals.captured, totals.faulty + totals.dropped + totals.delivered);
      assert.equal(totals.seen, totals.delivered);
      assert.equal(totals.faulty, 0);
      assert.ok(totals.encoded > 0 && totals.stamps > 0);
    });
  });
}
