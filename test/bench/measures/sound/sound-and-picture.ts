// The offset between sound and picture at the remote end. A white flash and a click leave the sender together, once a second.
// The remote end times the flash on its path to the host's page, and the click in the speaker's sink. The median of the page's
// own time is added. Alone: `node test/bench/measures/sound/sound-and-picture.ts [--seconds 50] [--width 640]`

import { parseArgs } from "node:util";
import { loadNative } from "../../../../native/index.ts";
import type { VideoFrame } from "../../../../native/types.ts";
import { DRAWING_MS, LipSync } from "../../../../plugin/calls/lip-sync.ts";
import { createWrtcEngine } from "../../../../plugin/peer/wrtc-engine.ts";
import { createSound } from "../../../../plugin/sound/create-sound.ts";
import type { Speaker } from "../../../../plugin/sound/sound.ts";
import { paceBlocks } from "../../../../plugin/sound/tone.ts";
import { connect, greyFrame, type ObservedPeer, observePeer } from "../../../support/plugin/peer-pair.ts";
import { startPulse } from "../../../support/sound/pulse.ts";
import { median, quantile } from "../../figures.ts";
import { burstLoop, findOnsets, recordTimed } from "./mouth-to-ear.ts";

const BLOCK_SAMPLES = 480;
const BLOCKS_PER_MARK = 100;
/** Ten frames in 33 blocks: 30 per second, one of them exactly with each click. */
const BLOCKS_PER_FRAME = 10 / 3;
const FLASH_BLOCKS = 10;
const DARK = 60;
const BRIGHT = 235;
const CLICK_PEAK = 5_000;
/** The engine synchronizes both only after the second sender report of the sound, about eleven seconds after the start. */
const WARM_UP_MARKS = 15;
/** Marks that are twice as far apart belong to different seconds. */
const NEAR_MS = 400;

interface Marks {
  readonly sentMs: number[];
  readonly flashMs: number[];
  readonly shownMs: number[];
  readonly clickMs: number[];
}

export interface SoundAndPicture {
  /** Sound after picture at the remote end, ms; positive where the sound is later. */
  readonly apartMs: readonly number[];
  /** The same at the output of WebRTC. */
  readonly handedOutMs: readonly number[];
  /** From the sender to the page's part of the path, and to the click for the speaker. */
  readonly pictureMs: readonly number[];
  readonly soundMs: readonly number[];
  /** How long the last frame was held for lip sync. */
  readonly holdMs: number;
}

/** @param seconds number of marks; the first fifteen do not count */
export async function measureSoundAndPicture(seconds: number, width = 640): Promise<SoundAndPicture> {
  const pulse = await startPulse({ prompt: true });
  const sound = createSound({ log: () => undefined, env: pulse.env, engine: loadNative() });
  const engine = createWrtcEngine();
  const [sender, receiver] = [await observePeer(engine), await observePeer(engine)];
  const marks: Marks = { sentMs: [], flashMs: [], shownMs: [], clickMs: [] };
  const stops: (() => void)[] = [];
  try {
    const speaker = await sound.openSpeaker("auto", (error) => console.error(error.message));
    await connect(sender, receiver);
    // The page's own part is the same for every frame. The bench's other figures measure it.
    const lipSync = new LipSync({ show: noteFlashes(marks.shownMs, DRAWING_MS) });
    stops.push(
      () => lipSync.stop(),
      send(sender.peer, marks.sentMs, scene(width)),
      follow(receiver, lipSync, speaker),
    );
    const play = (block: Int16Array, rate: number) => speaker.play(block, rate);
    const ended = watch(receiver, marks, { play, lipSync }, seconds);
    const clicks = findOnsets(await recordTimed(pulse, "speaker", seconds * 1_000));
    await ended;
    return {
      apartMs: offsets(marks.shownMs, clicks),
      handedOutMs: offsets(marks.flashMs, marks.clickMs),
      pictureMs: offsets(marks.sentMs, marks.shownMs),
      soundMs: offsets(marks.sentMs, marks.clickMs),
      holdMs: lipSync.holdMs,
    };
  } finally {
    for (const stop of stops) stop();
    sender.peer.close();
    receiver.peer.close();
    await sound.close();
    await pulse.stop();
  }
}

/** Does what a call's sampler does each second. */
function follow({ peer }: ObservedPeer, lipSync: LipSync, { delayMs }: Speaker): () => void {
  const timer = setInterval(() => {
    peer.statistics().then(
      ({ avOffsetMs }) => lipSync.update(avOffsetMs, delayMs),
      () => undefined,
    );
  }, 1_000);
  return () => clearInterval(timer);
}

/** Moving slanted waves. The cost to encode a frame decides its delay. */
function scene(width: number): (number: number, isBright: boolean) => VideoFrame {
  const height = (width * 3) / 4;
  const picture = greyFrame(DARK, width, height);
  const texture = Uint8Array.from({ length: 3 * width }, (_, x) => 20 * Math.sin(x / 9) + 20);
  return (number, isBright) => {
    const base = isBright ? BRIGHT - 40 : DARK;
    const row = texture.map((value) => base + value);
    for (let y = 0; y < height; y += 1) {
      const shift = (3 * y + 2 * number) % width;
      picture.data.set(row.subarray(shift, shift + width), y * width);
    }
    return picture;
  };
}

function send(
  peer: ObservedPeer["peer"],
  sentMs: number[],
  draw: (number: number, isBright: boolean) => VideoFrame,
): () => void {
  const loop = burstLoop();
  let number = 0;
  return paceBlocks(() => {
    const inMark = number % BLOCKS_PER_MARK;
    if (inMark === 0) sentMs.push(performance.now());
    if (Math.floor(inMark / BLOCKS_PER_FRAME) !== Math.floor((inMark - 1) / BLOCKS_PER_FRAME)) {
      peer.sendVideo(draw(number, inMark < FLASH_BLOCKS));
    }
    const first = inMark * BLOCK_SAMPLES;
    peer.sendAudio(loop.slice(first, first + BLOCK_SAMPLES));
    number += 1;
  });
}

function noteFlashes(atMs: number[], laterMs = 0): (picture: VideoFrame) => void {
  let wasBright = false;
  return ({ data, width, height }) => {
    const isBright = (data[(width * height) / 2] ?? 0) > (DARK + BRIGHT) / 2;
    if (isBright && !wasBright) atMs.push(performance.now() + laterMs);
    wasBright = isBright;
  };
}

/** Passes everything on and records when a flash and a click begin. Resolves after the given number of clicks. */
async function watch(
  { frames, blocks, waitUntil }: ObservedPeer,
  { flashMs, clickMs }: Marks,
  to: { play(block: Int16Array, sampleRate: number): void; readonly lipSync: LipSync },
  seconds: number,
): Promise<void> {
  const noteDecoded = noteFlashes(flashMs);
  let quietBlocks = 0;
  const look = () => {
    for (const picture of frames.splice(0)) {
      noteDecoded(picture);
      to.lipSync.offer(picture);
      picture.release();
    }
    for (const { block, sampleRate } of blocks.splice(0)) {
      to.play(block, sampleRate);
      const at = block.findIndex((sample) => Math.abs(sample) > CLICK_PEAK);
      // A sample at this place of the block is played later than the block's start by this time.
      if (at >= 0 && quietBlocks > 20) clickMs.push(performance.now() + (at * 1_000) / sampleRate);
      quietBlocks = at >= 0 ? 0 : quietBlocks + 1;
    }
  };
  // One wait of the pair has a limit, so the whole wait consists of many.
  for (let wanted = 1; wanted <= seconds; wanted += 1) {
    await waitUntil(() => {
      look();
      return clickMs.length >= wanted;
    });
  }
}

/** From each mark to the nearest of the others, since either may come first. */
function offsets(from: readonly number[], to: readonly number[]): number[] {
  return from.slice(WARM_UP_MARKS).flatMap((one) => {
    const near = to.toSorted((a, b) => Math.abs(a - one) - Math.abs(b - one))[0];
    return near === undefined || Math.abs(near - one) > NEAR_MS ? [] : [near - one];
  });
}

function printSpread(what: string, values: readonly number[]): void {
  const [low, high] = [quantile(values, 0.05), quantile(values, 0.95)];
  console.log(
    `${what}: median ${median(values).toFixed(1)} ms, 5 % ${low.toFixed(1)}, 95 % ${high.toFixed(1)} (${values.length} marks)`,
  );
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { seconds: { type: "string", default: "50" }, width: { type: "string", default: "640" } },
  });
  const found = await measureSoundAndPicture(Number(values.seconds), Number(values.width));
  printSpread("shown flash to click in the speaker's sink", found.apartMs);
  printSpread("decoded flash to click for the speaker", found.handedOutMs);
  printSpread("sent to shown flash", found.pictureMs);
  printSpread("sent to click for the speaker", found.soundMs);
  console.log(`frames were held for ${found.holdMs.toFixed(1)} ms at the end`);
  process.exit(0);
}
