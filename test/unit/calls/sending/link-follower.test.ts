// What follows the link each second, with adaptation and without.

import assert from "node:assert/strict";
import { test } from "node:test";
import { LinkFollower } from "../../../../plugin/calls/sending/link-follower.ts";
import type { SoundPacketKind } from "../../../../plugin/peer/peer.ts";
import type { Measured } from "../../../../statecharts/index.ts";
import { ManualClock } from "../../../support/fakes/manual-clock.ts";

/** A picture is held back by a link that loses a third of what is sent. */
const STRAINED: Measured = {
  ...{ roundTripMs: 900, sendLoss: 0.3, availableSendBps: 60_000, maxVideoBps: 1_500_000 },
  ...{ isEncoderBehind: false, loopLagMs: 1, captureDropped: 0, pageReplaced: 0 },
  picture: { width: 640, height: 480, fps: 30 },
  outgoing: {
    ...{ frames: 30, bps: 60_000, flowingMs: 5_000, isRampingUp: false, isRateLimited: true },
    isSearchable: true,
  },
};

async function followed(adaptation: boolean, second = STRAINED, kind: SoundPacketKind = "long") {
  const clock = new ManualClock();
  const searches: number[] = [];
  const peer = {
    soundPackets: kind,
    async setSoundPackets(next: SoundPacketKind) {
      peer.soundPackets = next;
    },
    async searchBandwidth(bps: number) {
      searches.push(bps);
    },
  };
  const follower = new LinkFollower(peer, clock);
  for (let passed = 0; passed < 10; passed += 1) {
    clock.advance(1_000);
    const soundLoss = second.sendLoss;
    await follower.measured(second, { adaptation, soundLoss, isPictureAwaited: false });
  }
  return { packets: peer.soundPackets, searches: searches.length };
}

test("packets that wait for the first measurement stay long on a bad link", async () => {
  assert.deepEqual(await followed(true), { packets: "long", searches: 9 });
});

test("without adaptation they become short on any link, and the search goes on", async () => {
  assert.deepEqual(await followed(false), { packets: "short", searches: 9 });
});

test("the sound's part of the estimate is not the picture's, so a picture may be held back by less than the whole", async () => {
  const good = { ...STRAINED, roundTripMs: 50, sendLoss: 0, availableSendBps: 300_000 };
  const sending = (bps: number) => ({
    ...good,
    outgoing: {
      frames: 30,
      bps,
      flowingMs: 5_000,
      isRampingUp: false,
      isRateLimited: false,
      isSearchable: true,
    },
  });
  assert.deepEqual(await followed(true, sending(170_000), "short"), { packets: "short", searches: 9 });
  assert.deepEqual(await followed(true, sending(150_000), "short"), { packets: "short", searches: 0 });
});
