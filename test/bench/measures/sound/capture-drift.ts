// How WebRTC treats a microphone whose clock is off. Clicks are fed in blocks that come too fast or too slow, ten times
// worse than any sound card. Their delay at the remote end is printed for the start and for the end. A constant delay shows that
// the remote jitter buffer follows the card. Fast and slow run side by side until the clocks differ by much more than the jitter. `node test/bench/measures/sound/capture-drift.ts [--seconds 75] [--ppm 3000]`

import { parseArgs } from "node:util";
import { type Clock, systemClock } from "../../../../plugin/common/clock.ts";
import { createWrtcEngine } from "../../../../plugin/peer/wrtc-engine.ts";
import { paceBlocks } from "../../../../plugin/sound/tone.ts";
import { connect, observePeer } from "../../../support/plugin/peer-pair.ts";
import { median } from "../../figures.ts";
import { burstLoop } from "./mouth-to-ear.ts";

const BLOCK_SAMPLES = 480;
const BLOCKS_PER_MARK = 100;
const CLICK_PEAK = 5_000;
const QUIET_BLOCKS = 20;
const LOST_MS = 900;
/** The jitter buffer settles in this time. */
const WARM_UP_MARKS = 10;
const COMPARED_MARKS = 10;
/** Share of the clock difference. A jitter buffer that does not follow shows all of it. */
const FOLLOWED_SHARE = 0.3;

/** A clock that runs faster than the system's by this factor. */
function fastClock(ppm: number): Clock {
  const speed = 1 + ppm / 1e6;
  return {
    nowMs: () => systemClock.nowMs() * speed,
    after: (delayMs, run) => systemClock.after(delayMs / speed, run),
  };
}

/** @returns the delays of the clicks in the order in which they were sent, ms */
async function measure(ppm: number, seconds: number): Promise<number[]> {
  const engine = createWrtcEngine();
  const [sender, receiver] = [await observePeer(engine), await observePeer(engine)];
  const loop = burstLoop();
  const sentMs: number[] = [];
  const heardMs: number[] = [];
  let number = 0;
  let stop: () => void = () => undefined;
  try {
    await connect(sender, receiver);
    stop = paceBlocks(() => {
      const first = (number % BLOCKS_PER_MARK) * BLOCK_SAMPLES;
      if (first === 0) sentMs.push(performance.now());
      sender.peer.sendAudio(loop.slice(first, first + BLOCK_SAMPLES));
      number += 1;
    }, fastClock(ppm));
    let quiet = 0;
    for (let wanted = 1; wanted <= seconds; wanted += 1) {
      await receiver.waitUntil(() => {
        for (const { block, sampleRate } of receiver.blocks.splice(0)) {
          const at = block.findIndex((sample) => Math.abs(sample) > CLICK_PEAK);
          if (at >= 0 && quiet > QUIET_BLOCKS) heardMs.push(performance.now() + (at * 1_000) / sampleRate);
          quiet = at >= 0 ? 0 : quiet + 1;
        }
        return heardMs.length >= wanted;
      });
    }
  } finally {
    stop();
    sender.peer.close();
    receiver.peer.close();
  }
  return sentMs.flatMap((sent) => {
    const heard = heardMs.find((one) => one > sent);
    // A lost click would be mistaken for the next one.
    return heard === undefined || heard - sent > LOST_MS ? [] : [heard - sent];
  });
}

/** @returns whether the delay stayed */
async function judge(ppm: number, seconds: number): Promise<boolean> {
  const delays = (await measure(ppm, seconds)).slice(WARM_UP_MARKS);
  const [begin, end] = [median(delays.slice(0, COMPARED_MARKS)), median(delays.slice(-COMPARED_MARKS))];
  const apart = (Math.abs(ppm) / 1_000) * (delays.length - COMPARED_MARKS);
  const isFollowed = Math.abs(end - begin) < FOLLOWED_SHARE * apart;
  console.log(
    `${ppm} ppm: delay ${begin.toFixed(1)} ms at the beginning, ${end.toFixed(1)} at the end; the clocks ran ${apart.toFixed(0)} ms apart: ` +
      (isFollowed ? "followed" : "NOT FOLLOWED"),
  );
  return isFollowed;
}

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "75" }, ppm: { type: "string", default: "3000" } },
});
const ppm = Number(values.ppm);
const followed = await Promise.all([ppm, -ppm].map((one) => judge(one, Number(values.seconds))));
process.exit(followed.every(Boolean) ? 0 : 1);
