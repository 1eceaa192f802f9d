// The machine's clock is set in mid-call, for the process with its addon and engine. Durations, rates and delays stay right, and
// dates follow the clock.

import assert from "node:assert/strict";
import { test } from "node:test";
import { connectCall, startPair } from "../support/plugin/plugin-process.ts";
import { createSettableClock } from "../support/process/settable-clock.ts";

const HOUR_MS = 3_600_000;

test("a clock that is set a day ahead, an hour ahead and back, and far back changes no duration, rate or delay of a call", async (t) => {
  const clock = createSettableClock();
  const { alice, bob, stop } = await startPair({ env: clock.env });
  try {
    const callId = await connectCall(alice, bob);
    const began = performance.now();
    // Against the true time, so the steps are by 24, 1, -1 and -27 hours.
    for (const hours of [24, 25, 24, -3]) {
      await alice.next("call.statistics");
      clock.set(hours);
      alice.clearNotifications();
      // Compares with a moment before the step, so a rate over the step would be nothing, or infinite.
      const first = await alice.next(
        "call.statistics",
        ({ at }) => Math.abs(at - Date.now() - hours * HOUR_MS) < HOUR_MS / 2,
      );
      const { calls } = await alice.host.request("call.list", {});
      const connectedAt = calls.find((call) => call.callId === callId)?.connectedAt ?? 0;
      const connectedForMs = first.at - connectedAt;
      const { captureToSendMs, receiveVideoBps, sendVideoBps } = first;
      t.diagnostic(
        `${hours} h: ${JSON.stringify({ connectedForMs, captureToSendMs, receiveVideoBps, sendVideoBps })}`,
      );
      assert.ok(connectedForMs >= 0 && connectedForMs < HOUR_MS);
      assert.ok(captureToSendMs !== null && captureToSendMs >= 0 && captureToSendMs < HOUR_MS);
      for (const bitsPerSecond of [sendVideoBps, receiveVideoBps]) {
        assert.ok(bitsPerSecond >= 0 && bitsPerSecond < 1e9, `${bitsPerSecond} bit/s`);
      }
    }
    await alice.host.request("call.hangup", { callId });
    const { durationMs } = await alice.next("call.ended");
    assert.ok(durationMs > 0 && durationMs <= performance.now() - began + HOUR_MS / 60, `${durationMs} ms`);
    assert.equal(await alice.stop(), 0);
  } finally {
    await stop();
    clock.remove();
  }
});
