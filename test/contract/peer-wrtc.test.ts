// The engine over libwebrtc passes the contract.

import "../support/process/exit-at-end.ts";
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createWrtcEngine } from "../../plugin/peer/wrtc-engine.ts";
import { connect, type ObservedPeer, observePeer } from "../support/plugin/peer-pair.ts";
import { peerContract } from "./peer.contract.ts";

peerContract("wrtc engine", () => createWrtcEngine());

/** libwebrtc's estimate before anything was measured. */
const START_BPS = 300_000;
const BLOCKS_BETWEEN = 10;

describe("the bandwidth estimate", { timeout: 60_000 }, () => {
  /** The audio sink's blocks are the clock. Statistics without a pause would disturb the engine's pacing. */
  async function estimateExceeds({ peer, blocks, waitUntil }: ObservedPeer, bps: number): Promise<void> {
    while (((await peer.statistics()).availableSendBps ?? 0) <= bps) {
      const next = blocks.length + BLOCKS_BETWEEN;
      await waitUntil(() => blocks.length >= next);
    }
  }

  test("is measured although neither side sends a picture, which both sides then do not see", async () => {
    const engine = createWrtcEngine();
    const [caller, callee] = [await observePeer(engine), await observePeer(engine)];
    await connect(caller, callee);
    await Promise.all([caller, callee].map((side) => estimateExceeds(side, 1.5 * START_BPS)));
    for (const { peer, frames } of [caller, callee]) {
      const { bytesSentVideo, sendWidth, receiveWidth } = await peer.statistics();
      assert.deepEqual([frames.length, bytesSentVideo, sendWidth, receiveWidth], [0, 0, 0, 0]);
      peer.close();
    }
  });

  test("of the answering side exceeds its limit for video, so that the pacer does not delay frames", async () => {
    const engine = createWrtcEngine();
    const [caller, callee] = [await observePeer(engine), await observePeer(engine, 200_000)];
    await connect(caller, callee);
    await estimateExceeds(callee, START_BPS);
    for (const { peer } of [caller, callee]) peer.close();
  });
});
