// A call with a webcam that puts zeros before every restart marker, and whose frames are all damaged then, through v4l2loopback.
// All tests share one boot.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { lastJson, runInVm } from "../support/kernel-vm/run-in-vm.ts";
import type { WebcamCallReport } from "./guest/webcam-call-report.ts";

const result = await runInVm({ command: ["node", "test/kernel/guest/webcam-call-report.ts"], timeoutS: 540 });
// The script that prints the guest's report defines its type.
const { rates, notified, why } = lastJson(result) as WebcamCallReport;

/** An emulated processor drops frames now and then; the statistics are up to a second old. */
const LEAST_SHARE = 0.5;

describe("a call with a webcam that puts zeros before every restart marker", () => {
  for (const [kind, { captured, faulty, repaired, sent }] of Object.entries(rates)) {
    test(`${kind}: every frame is shown, and the far side gets them`, () => {
      assert.equal(faulty, 0);
      assert.ok(sent >= LEAST_SHARE * captured, `${sent} of ${captured} were sent`);
      if (kind === "clean") assert.equal(repaired, 0);
      else assert.ok(repaired > 0);
    });
  }

  test("that becomes damaged is reported to its host with the reason, and another camera replaces it", () => {
    const reason = "its pictures are damaged: they are cut short";
    // The loopback has no other mode, so the camera may be given up before its interruption is sent. The other side receives
    // the reason too, unless the replacement is open before that.
    assert.ok(
      notified.some(
        ({ mediaLevelReason }) =>
          mediaLevelReason?.startsWith("Camera: ") && mediaLevelReason.includes(reason),
      ),
      JSON.stringify(notified),
    );
    assert.match(why ?? "", /cannot be shown, because its pictures are damaged: they are cut short$/);
  });
});
