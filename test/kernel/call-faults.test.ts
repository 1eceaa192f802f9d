// Every fault of a kernel camera during a call between two plugin processes, and a camera that is unplugged and plugged in
// again. The call continues, both hosts receive the reason, the video returns, and no resources are left. One boot, one
// call.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { lastJson, runInVm } from "../support/kernel-vm/run-in-vm.ts";
import { assertColourBars } from "../support/pictures/colour-bars.ts";
import type { CallFaultReport, FaultOutcome } from "./guest/call-fault-report.ts";

/** VP8 and 4:2:0 blur the bars' edges, not their middles. */
const TOLERANCE = 24;
const VIVID_ID = "platform:vivid-000 vivid";
const LOOPBACK_ID = "platform:v4l2loopback-000 loopback";

const result = await runInVm({ command: ["node", "test/kernel/guest/call-fault-report.ts"], timeoutS: 540 });
// The script that prints the guest's report defines its type.
const { outcomes, standInBars, ...end } = lastJson(result) as CallFaultReport;

function during(fault: string): FaultOutcome {
  const found = Object.entries(outcomes).find(([name]) => name === fault)?.[1];
  assert.ok(found, `${fault} was not tried`);
  return found;
}

/** Both hosts received only a connected call, and both still have it. */
function assertCallLives({ phases, connected }: FaultOutcome): void {
  assert.deepEqual(
    phases.filter((phase) => phase !== "connected"),
    [],
  );
  assert.deepEqual(connected, [true, true]);
}

function assertMoves({ distinct }: FaultOutcome): void {
  assert.ok(distinct > 1, `${distinct} different frames came after the fault`);
}

/** Both hosts received that nothing can be sent, each time with the reason, and finally that the video is back. */
function assertMediaLevels({ sender, receiver }: FaultOutcome, why: RegExp): void {
  for (const steps of [sender, receiver]) {
    const down = steps.filter(({ mediaLevelReason }) => mediaLevelReason !== null);
    assert.ok(down.length > 0, `received no reason: ${JSON.stringify(steps)}`);
    for (const { mediaLevel, mediaLevelReason } of down) {
      assert.equal(mediaLevel, "receiveOnly");
      assert.match(mediaLevelReason ?? "", why);
    }
    assert.deepEqual([steps.at(-1)?.mediaLevel, steps.at(-1)?.mediaLevelReason], ["pictureOnly", null]);
  }
  assert.ok(sender.some(({ camera }) => camera === "lost"));
}

describe("a call whose camera is vivid", () => {
  for (const fault of ["bufferError", "droppedBuffers"]) {
    test(`continues without a report under ${fault}`, () => {
      const outcome = during(fault);
      assertCallLives(outcome);
      assertMoves(outcome);
      assertColourBars(outcome.bars, TOLERANCE);
      for (const { mediaLevel, mediaLevelReason } of [...outcome.sender, ...outcome.receiver]) {
        assert.deepEqual([mediaLevel, mediaLevelReason], ["pictureOnly", null]);
      }
    });
  }

  // A retry before the list reports the lost device finds no device.
  const reasons = {
    qbuf: /^Camera: The camera \/dev\/video0 failed: VIDIOC_QBUF .*EINVAL/,
    fatal: /^Camera: The camera \/dev\/video0 failed while it was streaming \(VIDIOC_DQBUF: EIO\)$/,
    streamon: /^Camera: The camera \/dev\/video0 failed: VIDIOC_STREAMON .*EINVAL/,
    reqbufs: /^Camera: The camera \/dev\/video0 failed: VIDIOC_REQBUFS .*EINVAL/,
    disconnect: /^Camera: The camera \/dev\/video0 has been unplugged .*ENODEV/,
    unplug:
      /^Camera: (The camera \/dev\/video0 has been unplugged .*ENODEV|There is no camera platform:vivid)/,
  };
  for (const [fault, why] of Object.entries(reasons)) {
    test(`drops to receiving, reports the reason to both hosts, and sends again after ${fault}`, () => {
      const outcome = during(fault);
      assertCallLives(outcome);
      assertMediaLevels(outcome, why);
      assertMoves(outcome);
      assertColourBars(outcome.bars, TOLERANCE);
    });
  }
});

describe("a call whose camera is v4l2loopback, which stops delivering, is unplugged and plugged in again", () => {
  test("reports that camera and not the other one, which is in use, and then sends again", () => {
    const outcome = during("loopback");
    assertCallLives(outcome);
    assertMediaLevels(
      outcome,
      /^Camera: (The camera \/dev\/video60 delivered no picture for |There is no camera .*loopback$)/,
    );
    assertMoves(outcome);
    assert.deepEqual(outcome.cameras, ["/dev/video0", "/dev/video60"]);
  });

  test("uses the other camera meanwhile, if that one is free", () => {
    const outcome = during("standIn");
    const { sender, receiver, cameras } = outcome;
    assertCallLives(outcome);
    // The replacement was open before the other side was to be notified.
    assert.deepEqual([...new Set(receiver.map(({ mediaLevel }) => mediaLevel))].slice(1), []);
    const shown = sender.flatMap(({ deviceId }) => deviceId ?? []);
    assert.deepEqual([shown.includes(VIVID_ID), shown.at(-1)], [true, LOOPBACK_ID]);
    assertColourBars(standInBars, TOLERANCE);
    assertMoves(outcome);
    assert.deepEqual(cameras, ["/dev/video60"]);
  });
});

test("no fault leaves a descriptor, a thread, or mapped memory behind on either side", () => {
  for (const [fault, { before, after }] of Object.entries(outcomes)) {
    assert.deepEqual({ fault, held: after }, { fault, held: before });
  }
});

test("the call ends normally, with no camera open", () => {
  assert.deepEqual(end, { openAtEnd: [], statuses: [0, 0] });
});
