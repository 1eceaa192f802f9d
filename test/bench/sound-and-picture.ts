// How far sound and picture are apart at the remote end: a white flash and a click leave the sender at the same instant,
// once a second; at the far end the decoded flash, the click handed over for the speaker, and the click in the speaker's
// sink are timed. `node test/bench/sound-and-picture.ts [--seconds 50]`

import { parseArgs } from "node:util";
import { createWrtcEngine } from "../../plugin/peer/wrtc-engine.ts";
import { createSound } from "../../plugin/sound/create-sound.ts";
import { SAMPLE_RATE } from "../../plugin/sound/sound.ts";
import { paceBlocks } from "../../plugin/sound/tone.ts";
import { connect, greyPicture, watchedPeer } from "../support/peer-pair.ts";
import { startPulse } from "../support/pulse.ts";
import { median, quantile } from "./figures.ts";
import { burstLoop, findOnsets, recordTimed } from "./mouth-to-ear.ts";

const BLOCK_SAMPLES = 480;
const BLOCKS_PER_MARK = 100;
/** Ten pictures in 33 blocks: 30 a second, one of them exactly with each click. */
const BLOCKS_PER_PICTURE = 10 / 3;
const FLASH_BLOCKS = 10;
const DARK = 60;
const BRIGHT = 235;
const CLICK_PEAK = 5_000;
/** The engine brings both together only after the sound's second sender report, some eleven seconds in. */
const WARM_UP_MARKS = 15;
/** Tolerance at the remote end, ms. */
const LIMIT_MS = 45;

interface Marks {
  readonly sentMs: number[];
  readonly flashMs: number[];
  readonly clickMs: number[];
}

async function measure(seconds: number): Promise<void> {
  const pulse = await startPulse({ prompt: true });
  const sound = createSound({ log: () => undefined, env: pulse.env });
  const engine = createWrtcEngine();
  const [sender, receiver] = [await watchedPeer(engine), await watchedPeer(engine)];
  const marks: Marks = { sentMs: [], flashMs: [], clickMs: [] };
  let stop: () => void = () => undefined;
  try {
    const speaker = await sound.openSpeaker("auto", (error) => console.error(error.message));
    await connect(sender, receiver);
    stop = send(sender.peer, marks.sentMs);
    const ended = watch(receiver, marks, (block, rate) => speaker.play(block, rate), seconds);
    const recorded = await recordTimed(pulse, "speaker", seconds * 1_000);
    await ended;
    tell("decoded flash to click for the speaker", marks.flashMs, marks.clickMs);
    tell("decoded flash to click in the speaker's sink", marks.flashMs, findOnsets(recorded));
    tell("sent to decoded flash", marks.sentMs, marks.flashMs);
    tell("sent to click for the speaker", marks.sentMs, marks.clickMs);
  } finally {
    stop();
    sender.peer.close();
    receiver.peer.close();
    await sound.close();
    await pulse.stop();
  }
}

type Sender = Awaited<ReturnType<typeof watchedPeer>>;

function send(peer: Sender["peer"], sentMs: number[]): () => void {
  const loop = burstLoop();
  const dark = greyPicture(DARK);
  const bright = greyPicture(BRIGHT);
  let number = 0;
  return paceBlocks(() => {
    const inMark = number % BLOCKS_PER_MARK;
    if (inMark === 0) sentMs.push(performance.now());
    if (Math.floor(inMark / BLOCKS_PER_PICTURE) !== Math.floor((inMark - 1) / BLOCKS_PER_PICTURE)) {
      peer.sendVideo(inMark < FLASH_BLOCKS ? bright : dark);
    }
    const first = inMark * BLOCK_SAMPLES;
    peer.sendAudio(loop.slice(first, first + BLOCK_SAMPLES));
    number += 1;
  });
}

/** Notes when a flash and a click begin; resolves after so many seconds' clicks. */
async function watch(
  { pictures, blocks, until }: Sender,
  { flashMs, clickMs }: Marks,
  play: (block: Int16Array, sampleRate: number) => void,
  seconds: number,
): Promise<void> {
  let wasBright = false;
  let quietBlocks = 0;
  const look = () => {
    for (const { data, width, height } of pictures.splice(0)) {
      const isBright = (data[(width * height) / 2] ?? 0) > (DARK + BRIGHT) / 2;
      if (isBright && !wasBright) flashMs.push(performance.now());
      wasBright = isBright;
    }
    for (const { block, sampleRate } of blocks.splice(0)) {
      play(block, sampleRate);
      const at = block.findIndex((sample) => Math.abs(sample) > CLICK_PEAK);
      // Whatever is found at this place of the block is played so much later than the block's beginning.
      if (at >= 0 && quietBlocks > 20) clickMs.push(performance.now() + (at * 1_000) / sampleRate);
      quietBlocks = at >= 0 ? 0 : quietBlocks + 1;
    }
  };
  // One wait of the pair is bounded, so the whole is made of many.
  for (let wanted = 1; wanted <= seconds; wanted += 1) {
    await until(() => {
      look();
      return clickMs.length >= wanted;
    });
  }
}

function tell(what: string, from: readonly number[], to: readonly number[]): void {
  // Nearest in time, since either may come first.
  const offsets = from.slice(WARM_UP_MARKS).flatMap((one) => {
    const near = to.toSorted((a, b) => Math.abs(a - one) - Math.abs(b - one))[0];
    return near === undefined || Math.abs(near - one) > 400 ? [] : [near - one];
  });
  const [low, high] = [quantile(offsets, 0.05), quantile(offsets, 0.95)];
  console.log(
    `${what}: median ${median(offsets).toFixed(1)} ms, 5 % ${low.toFixed(1)}, 95 % ${high.toFixed(1)} (${offsets.length} marks, limit ±${LIMIT_MS})`,
  );
}

const { values } = parseArgs({ options: { seconds: { type: "string", default: "50" } } });
console.log(`flash and click at ${SAMPLE_RATE} Hz, 320x240 at 30 pictures a second, loopback`);
await measure(Number(values.seconds));
process.exit(0);
