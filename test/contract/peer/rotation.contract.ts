// The part of the contract of every peer engine about frames that their sender wants to be turned. The engine's own source cannot
// send them, so the real engine receives them from Chromium (test/browser/turned-frames.test.ts).

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import type { Rotation } from "../../../native/types.ts";
import type { PeerStatistics } from "../../../plugin/peer/peer.ts";
import type { ObservedPeer } from "../../support/plugin/peer-pair.ts";

/** Sends frames that are wider than high, before their turn. */
interface TurningPair {
  readonly receiver: ObservedPeer;
  /** For the frames from now on. */
  turn(rotation: Rotation): Promise<void>;
}

/** The engine's own statistics are up to 50 ms older than the first frame. */
async function statisticsOfPicture({ peer }: ObservedPeer): Promise<PeerStatistics> {
  for (;;) {
    const statistics = await peer.statistics();
    if (statistics.receiveWidth > 0) return statistics;
    await setImmediate();
  }
}

export function rotationContract(
  name: string,
  withPair: (body: (pair: TurningPair) => Promise<void>) => Promise<void>,
): void {
  describe(`${name}: rotation`, () => {
    test("frames come as they were sent, with their rotation, also when it changes", () =>
      withPair(async ({ receiver, turn }) => {
        for (const rotation of [0, 90, 180, 270, 0] as const) {
          await turn(rotation);
          await receiver.waitUntil(() => receiver.frames.at(-1)?.rotation === rotation);
          const { width = 0, height = 0 } = receiver.frames.at(-1) ?? {};
          assert.ok(width > height, `${width}x${height} at ${rotation} degrees`);
        }
      }));

    test("the statistics give the size after the turn", () =>
      withPair(async ({ receiver, turn }) => {
        for (const rotation of [270, 180, 90, 0] as const) {
          await turn(rotation);
          await receiver.waitUntil(() => receiver.frames.at(-1)?.rotation === rotation);
          const { receiveWidth, receiveHeight } = await statisticsOfPicture(receiver);
          const { width = 0, height = 0 } = receiver.frames.at(-1) ?? {};
          const upright = rotation % 180 === 0 ? [width, height] : [height, width];
          assert.deepEqual([receiveWidth, receiveHeight], upright, `at ${rotation} degrees`);
        }
      }));
  });
}
