// Anybody who knows our addresses sends datagrams to the ports of a call. Only the other side's packets count.

import "../support/process/exit-at-end.ts";
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { VideoFrame } from "../../native/types.ts";
import { createWrtcEngine } from "../../plugin/peer/wrtc-engine.ts";
import { hostileDatagrams, sendDatagrams } from "../support/network/hostile-datagrams.ts";
import { connect, type Feed, feed, type ObservedPeer, observePeer } from "../support/plugin/peer-pair.ts";

const DATAGRAMS = 1_000;
const FRAMES = 15;

describe("while strangers send to the ports of a call", { timeout: 120_000 }, () => {
  let caller: ObservedPeer;
  let callee: ObservedPeer;
  let feeds: Feed[] = [];
  let ports: number[] = [];
  let sentFrames = 0;
  let username = "";

  before(async () => {
    const engine = createWrtcEngine();
    [caller, callee] = [await observePeer(engine), await observePeer(engine)];
    await connect(caller, callee);
    const { peer } = caller;
    const counting = {
      sendAudio: (block: Int16Array) => peer.sendAudio(block),
      sendVideo: (frame: VideoFrame) => {
        sentFrames += 1;
        peer.sendVideo(frame);
      },
    };
    feeds = [feed(counting, 80), feed(callee.peer, 160)];
    const ours = callee.candidates.map(({ candidate }) => candidate.split(" "));
    const local = ours.filter(
      ([, , transport = "", , address]) => /udp/i.test(transport) && address === "127.0.0.1",
    );
    ports = local.map(([, , , , , port]) => Number(port));
    assert.ok(ports.length > 0, JSON.stringify(callee.candidates));
    const fragmentOf = (peer: ObservedPeer) => peer.candidates[0]?.usernameFragment ?? "";
    username = `${fragmentOf(callee)}:${fragmentOf(caller)}`;
    await callee.waitUntil(() => callee.frames.length > 10);
  });
  after(() => {
    for (const one of feeds) one.stop();
    for (const { peer } of [caller, callee]) peer.close();
  });

  /** @returns the part of the frames that the other side sent meanwhile which arrived. The last ones may be under way */
  async function shareOfFrames(during: () => Promise<unknown>): Promise<number> {
    const [sent, frames] = [sentFrames, callee.frames.length];
    await during();
    return (callee.frames.length - frames) / (sentFrames - sent);
  }

  async function moreFrames(count: number): Promise<void> {
    const wanted = callee.frames.length + count;
    await callee.waitUntil(() => callee.frames.length >= wanted);
  }

  test("pictures and sound of the other side go on, and nothing else is heard", async () => {
    const before = await shareOfFrames(() => moreFrames(2 * FRAMES));
    const during = await shareOfFrames(async () => {
      for (const [name, make] of hostileDatagrams(username)) {
        await sendDatagrams(make, ports, DATAGRAMS);
        await moreFrames(FRAMES);
        assert.deepEqual([caller.states.at(-1), callee.states.at(-1)], ["connected", "connected"], name);
      }
    });
    assert.ok(during > 0.8 * before, `${during} of the frames arrived, ${before} before`);
    const { packetsLost, packetsReceived } = await callee.peer.statistics();
    assert.ok(packetsLost < 0.02 * packetsReceived, `${packetsLost} of ${packetsReceived} packets were lost`);
    const brightness = new Set(
      callee.frames.slice(-FRAMES).map(({ data }) => Math.round((data[0] ?? 0) / 16)),
    );
    assert.equal(brightness.size, 1);
  });
});
