// The engine over libwebrtc passes the contract.

import "../support/process/exit-at-end.ts";
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { describe, test } from "node:test";
import type { PeerPlace } from "../../plugin/common/peer-place.ts";
import type { SoundPacketKind } from "../../plugin/peer/peer.ts";
import { createWrtcEngine } from "../../plugin/peer/wrtc-engine.ts";
import { FREE_LINK } from "../support/network/simulated/link-shape.ts";
import { isSound } from "../support/network/simulated/rtp-packets.ts";
import { UdpRelay } from "../support/network/simulated/udp-relay.ts";
import {
  connect,
  connectOver,
  type ObservedPeer,
  observePeer,
  toneBlock,
} from "../support/plugin/peer-pair.ts";
import { HANG_LIMIT_MS } from "../support/process/hang-limit.ts";
import { peerContract } from "./peer.contract.ts";

peerContract("wrtc engine", () => createWrtcEngine());

/** A UDP service on loopback. */
async function startService() {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  let packets = 0;
  socket.on("message", () => packets++);
  const candidate = `candidate:1 1 udp 2122260223 127.0.0.1 ${port} typ host`;
  return { socket, candidate, packets: () => packets };
}

test("a peer elsewhere cannot make the engine send to a port of this machine, and one on it can", async () => {
  const engine = createWrtcEngine();
  const [hidden, described, shown] = [await startService(), await startService(), await startService()];
  const named = await startService();
  const name = named.candidate.replace("127.0.0.1", "attack.local");
  let place: PeerPlace = "network";
  const caller = await observePeer(
    engine,
    1_500_000,
    0,
    () => place,
    [],
    async () => ["127.0.0.1"],
  );
  const callee = await observePeer(engine);
  try {
    const answer = await callee.peer.answerOffer(await caller.peer.createOffer());
    const withCandidate = answer.replace(
      /^a=mid:0\r\n/m,
      (mid) => `${mid}a=${described.candidate}\r\na=${name}\r\n`,
    );
    await caller.peer.acceptAnswer(withCandidate);
    for (const candidate of [hidden.candidate, name])
      caller.peer.addCandidate({ candidate, sdpMid: "0", sdpMLineIndex: 0 });
    await new Promise(setImmediate);
    place = "machine";
    caller.peer.addCandidate({ candidate: shown.candidate, sdpMid: "0", sdpMLineIndex: 0 });
    // The engine checks its candidates in turn.
    for (let checks = 0; checks < 2; checks++)
      await once(shown.socket, "message", { signal: AbortSignal.timeout(HANG_LIMIT_MS) });
    assert.deepEqual(
      [hidden, described, named].map(({ packets }) => packets()),
      [0, 0, 0],
    );
  } finally {
    for (const { peer } of [caller, callee]) peer.close();
    for (const { socket } of [hidden, described, named, shown]) socket.close();
  }
});

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

  test("of a link of 300 kbit/s is not above twice that, and no sound is lost for it", async () => {
    const shape = { ...FREE_LINK, rateBps: 300_000, queueMs: 1_000, delayMs: 10 };
    let sound = 0;
    let overflowed = 0;
    const relay = await UdpRelay.start({
      shapes: { a: shape, b: shape },
      onPacket(_from, packet, fate) {
        if (isSound(packet)) sound += 1;
        if (fate === "overflowed") overflowed += 1;
      },
    });
    const engine = createWrtcEngine();
    const [caller, callee] = [await observePeer(engine), await observePeer(engine)];
    try {
      await connectOver(relay, caller, callee);
      const estimates: number[] = [];
      for (let block = 0; block < 300; block += 1) {
        for (const { peer } of [caller, callee]) peer.sendAudio(toneBlock(block));
        const next = caller.blocks.length + 1;
        await caller.waitUntil(() => caller.blocks.length >= next);
        if (block % BLOCKS_BETWEEN !== 0) continue;
        for (const { peer } of [caller, callee]) {
          estimates.push((await peer.statistics()).availableSendBps ?? 0);
        }
      }
      assert.ok(Math.max(...estimates) < 2 * START_BPS, estimates.join(" "));
      // Each has 40 ms of sound: the path was not measured before.
      assert.ok(sound > 100, `${sound} packets of sound passed the relay`);
      assert.equal(overflowed, 0);
    } finally {
      for (const { peer } of [caller, callee]) peer.close();
      relay.stop();
    }
  });
});

describe("long sound packets", { timeout: 60_000 }, () => {
  /** @returns the packets that left while 100 blocks were sent and arrived, and their bytes, from the caller to the callee */
  async function sentIn100Blocks(kind: SoundPacketKind): Promise<{ packets: number; bytes: number }> {
    let packets = 0;
    let bytes = 0;
    const relay = await UdpRelay.start({
      onPacket(from, packet) {
        if (from !== "a" || !isSound(packet)) return;
        packets += 1;
        bytes += packet.length;
      },
    });
    const engine = createWrtcEngine();
    const [caller, callee] = [await observePeer(engine), await observePeer(engine)];
    try {
      await connectOver(relay, caller, callee);
      await caller.peer.setSoundPackets(kind);
      for (let block = 0; block < 150; block += 1) {
        if (block === 50) [packets, bytes] = [0, 0];
        const next = callee.blocks.length + 1;
        caller.peer.sendAudio(toneBlock(block));
        await callee.waitUntil(() => callee.blocks.length >= next);
      }
      return { packets, bytes };
    } finally {
      for (const { peer } of [caller, callee]) peer.close();
      relay.stop();
    }
  }

  test("are a quarter as many, and take less than half", async () => {
    const [short, long] = [await sentIn100Blocks("short"), await sentIn100Blocks("long")];
    assert.ok(long.packets < short.packets / 3, `${long.packets} of ${short.packets} packets`);
    assert.ok(long.bytes < short.bytes / 2, `${long.bytes} of ${short.bytes} bytes`);
  });
});

describe("repeated sound packets", { timeout: 60_000 }, () => {
  /** @returns the samples of four seconds that the callee made up, on a link that loses every tenth packet */
  async function concealedOf(kind: SoundPacketKind): Promise<number> {
    const relay = await UdpRelay.start({ seed: 2026 });
    const engine = createWrtcEngine();
    const [caller, callee] = [await observePeer(engine), await observePeer(engine)];
    const concealed = async () => (await callee.peer.statistics()).concealedSamples;
    try {
      await connectOver(relay, caller, callee);
      await caller.peer.setSoundPackets(kind);
      let before = 0;
      for (let block = 0; block < 450; block += 1) {
        if (block === 50) {
          before = await concealed();
          relay.setShape("a", { ...FREE_LINK, loss: 0.1 });
        }
        const next = callee.blocks.length + 1;
        caller.peer.sendAudio(toneBlock(block));
        await callee.waitUntil(() => callee.blocks.length >= next);
      }
      return (await concealed()) - before;
    } finally {
      for (const { peer } of [caller, callee]) peer.close();
      relay.stop();
    }
  }

  test("replace those that a link loses", async () => {
    const [short, repeated] = [await concealedOf("short"), await concealedOf("repeated")];
    assert.ok(short > 0);
    assert.ok(repeated < short / 2, `${repeated} samples were made up, and ${short} with short packets`);
  });
});
