// The engine's own estimate over a network: where it is used, and what a search finds.

import "../../support/process/exit-at-end.ts";
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Estimator, PeerEngine } from "../../../plugin/peer/peer.ts";
import { createWrtcEngine } from "../../../plugin/peer/wrtc-engine.ts";
import { FREE_LINK, type LinkShape } from "../../support/network/simulated/link-shape.ts";
import { isVideo } from "../../support/network/simulated/rtp-packets.ts";
import type { NetworkSide } from "../../support/network/simulated/simulated-network.ts";
import { UdpRelay } from "../../support/network/simulated/udp-relay.ts";
import { connectOver, type ObservedPeer, observePeer, toneBlock } from "../../support/plugin/peer-pair.ts";

const NARROW: LinkShape = { ...FREE_LINK, rateBps: 100_000, delayMs: 20 };
const WIDE: LinkShape = { ...NARROW, rateBps: null };
/** Of 10 ms. In so many blocks the engine has measured at its start, or a search has ended. */
const MEASURED_BLOCKS = 300;

/** A busy machine may miss the measurement of one connection. A starved estimate is low in each. */
const CONNECTIONS = 3;
const FULL_BPS = 600_000;

/** The encoder may drop the frame that begins one. A call repeats it every four seconds. */
const SEARCHES = 3;

async function withSides(
  shape: LinkShape,
  use: (relay: UdpRelay, caller: ObservedPeer, callee: ObservedPeer) => Promise<void>,
  {
    engine = createWrtcEngine(),
    onPacket = () => undefined,
  }: { engine?: PeerEngine; onPacket?: (from: NetworkSide, packet: Uint8Array) => void } = {},
): Promise<void> {
  const relay = await UdpRelay.start({ shapes: { a: shape, b: shape }, seed: 2026, onPacket });
  const [caller, callee] = [await observePeer(engine), await observePeer(engine)];
  try {
    await connectOver(relay, caller, callee);
    await use(relay, caller, callee);
  } finally {
    for (const { peer } of [caller, callee]) peer.close();
    relay.stop();
  }
}

/** Both sides send sound, and no picture. The audio sink's blocks are the clock. */
async function talk(caller: ObservedPeer, callee: ObservedPeer, blocks: number): Promise<void> {
  for (let block = 0; block < blocks; block += 1) {
    for (const { peer } of [caller, callee]) peer.sendAudio(toneBlock(block));
    const next = caller.blocks.length + 1;
    await caller.waitUntil(() => caller.blocks.length >= next);
  }
}

const estimateOf = async ({ peer }: ObservedPeer) => (await peer.statistics()).availableSendBps ?? 0;

/** @returns what two sides with these estimators find on a wide path, in bits per second */
async function estimatesOf(estimators: readonly Estimator[]): Promise<number[]> {
  const choices = [...estimators];
  const createPeer: PeerEngine["createPeer"] = (options, callbacks) => {
    const estimator = choices.shift() ?? assert.fail("a third peer");
    return createWrtcEngine().createPeer({ ...options, estimator }, callbacks);
  };
  let found: number[] = [];
  await withSides(
    WIDE,
    async (_relay, caller, callee) => {
      await talk(caller, callee, 3 * MEASURED_BLOCKS);
      for (const [index, { peer }] of [caller, callee].entries())
        assert.equal((await peer.statistics()).isSearchable, estimators[index] === "sender");
      found = await Promise.all([caller, callee].map(estimateOf));
    },
    { engine: { createPeer } },
  );
  return found;
}

describe("two sides that choose differently", { timeout: 90_000 }, () => {
  for (const estimators of [
    ["sender", "receiver"],
    ["receiver", "sender"],
  ] as const) {
    test(`both measure the path and keep what they found: ${estimators.join(", ")}`, async () => {
      const tries: number[][] = [];
      const isMeasured = () => tries.at(-1)?.every((bps) => bps > FULL_BPS) === true;
      while (tries.length < CONNECTIONS && !isMeasured()) tries.push(await estimatesOf(estimators));
      assert.ok(isMeasured(), `${tries.join("; ")} bit/s`);
    });
  }
});

describe("the search for bandwidth", { timeout: 60_000 }, () => {
  test("is there for both sides of a network, whose sound waits in long packets for the first measurement", async () => {
    await withSides(WIDE, async (_relay, caller, callee) => {
      await talk(caller, callee, MEASURED_BLOCKS);
      for (const { peer } of [caller, callee]) {
        const { isSearchable } = await peer.statistics();
        assert.deepEqual([isSearchable, peer.soundPackets], [true, "long"]);
      }
    });
  });

  test("is not there within one machine, whose receiver estimates more", async () => {
    await withSides(FREE_LINK, async (_relay, caller, callee) => {
      await talk(caller, callee, MEASURED_BLOCKS);
      for (const { peer } of [caller, callee]) {
        await peer.searchBandwidth(500_000);
        const { isSearchable } = await peer.statistics();
        assert.deepEqual([isSearchable, peer.soundPackets], [false, "short"]);
      }
    });
  });

  test("finds on either side what a link carries since it became wider, though sound alone is sent", async () => {
    await withSides(NARROW, async (relay, caller, callee) => {
      await talk(caller, callee, MEASURED_BLOCKS);
      const sides = [caller, callee];
      for (const side of sides) {
        const bps = await estimateOf(side);
        assert.ok(bps < 150_000, `${bps} bit/s on a link of 100 kbit/s`);
      }
      for (const from of ["a", "b"] as const) relay.setShape(from, WIDE);
      await talk(caller, callee, MEASURED_BLOCKS);
      const before = await Promise.all(sides.map(estimateOf));
      let found = before;
      const isFound = () => found.every((bps, index) => bps > 2 * (before[index] ?? 0));
      for (let search = 0; search < SEARCHES && !isFound(); search += 1) {
        await Promise.all(sides.map(({ peer }) => peer.searchBandwidth(600_000)));
        await talk(caller, callee, MEASURED_BLOCKS);
        found = await Promise.all(sides.map(estimateOf));
      }
      assert.ok(isFound(), `${found.join(", ")} bit/s after ${before.join(", ")}`);
    });
  });

  test("keeps the video awake while sound alone is sent", async () => {
    const bytes = { a: 0, b: 0 };
    const count = (from: NetworkSide, packet: Uint8Array) => {
      if (isVideo(packet)) bytes[from] += packet.length;
    };
    await withSides(
      WIDE,
      async (_relay, caller, callee) => {
        await talk(caller, callee, MEASURED_BLOCKS);
        Object.assign(bytes, { a: 0, b: 0 });
        await talk(caller, callee, MEASURED_BLOCKS);
        for (const sent of Object.values(bytes))
          assert.ok(sent > 50 && sent < 5_000, `${sent} bytes of video`);
      },
      { onPacket: count },
    );
  });

  test("tells no more than was searched for, so that the next search follows", async () => {
    await withSides(WIDE, async (_relay, caller, callee) => {
      await talk(caller, callee, MEASURED_BLOCKS);
      for (const side of [caller, callee]) {
        assert.ok((await estimateOf(side)) > 150_000);
        await side.peer.searchBandwidth(150_000);
        const bps = await estimateOf(side);
        assert.ok(bps > 0 && bps <= 150_000, `${bps} bit/s`);
      }
    });
  });

  test("finds the same again when the link is still narrow", async () => {
    await withSides(NARROW, async (_relay, caller, callee) => {
      await talk(caller, callee, MEASURED_BLOCKS);
      for (let search = 0; search < 3; search += 1) {
        await Promise.all([caller, callee].map(({ peer }) => peer.searchBandwidth(600_000)));
        await talk(caller, callee, MEASURED_BLOCKS);
        for (const side of [caller, callee]) {
          const bps = await estimateOf(side);
          assert.ok(bps < 150_000, `${bps} bit/s on a link of 100 kbit/s`);
        }
      }
    });
  });
});
