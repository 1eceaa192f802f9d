// The effects of the preview chart. Camera and microphone are opened as in a call; the recording and the speaker are its own.

import { fromCallback, fromPromise } from "xstate";
import { type MediaEvent, type PlayInput, previewMachine } from "../../../statecharts/index.ts";
import type { Clock } from "../../common/clock.ts";
import type { Speaker } from "../../sound/sound.ts";
import { paceBlocks } from "../../sound/tone.ts";
import { createDeviceEffects, hold, interruptionsOf } from "../effects/device-effects.ts";
import type { CallEnvironment } from "../environment.ts";
import { testSound } from "./test-sound.ts";

/** 3.5 s in blocks of 10 ms: what the chart lets record, and what arrives until it stops. */
const MAX_RECORDED_BLOCKS = 350;
/** Time for the sound server to start the stream, in blocks. What comes before it plays is dropped. */
const LEAD_BLOCKS = 50;
/** Blocks of silence after a sound, so that the card plays its end before it is closed. */
const TAIL_BLOCKS = 30;
const SAMPLE_RATE = 48_000;

/**
 * @param clock paces what is played; the system's unless given
 * @returns the preview chart with its effects
 */
export function providePreview(environment: CallEnvironment, clock?: Clock) {
  const { camera, microphone, deviceList } = createDeviceEffects(environment);
  /** By preview; dropped when it was played, or with the preview. */
  const recordings = new Map<string, Int16Array[]>();
  return {
    machine: previewMachine.provide({
      actors: {
        camera,
        microphone,
        deviceList,
        record: recordEffect(environment, recordings),
        playSound: fromPromise<void, PlayInput>(async ({ input: { callId, what }, signal }) => {
          const blocks = what === "testSound" ? testSound() : (recordings.get(callId) ?? []);
          recordings.delete(callId);
          await playOn(environment, callId, { blocks, signal, ...(clock ? { clock } : {}) });
        }),
      },
    }),
    /** Drops what was recorded. */
    forget: (callId: string): void => void recordings.delete(callId),
  };
}

function recordEffect({ mediaOf }: CallEnvironment, recordings: Map<string, Int16Array[]>) {
  return fromCallback<{ type: "none" }, { callId: string }>(({ input: { callId } }) => {
    const media = mediaOf(callId);
    const blocks: Int16Array[] = [];
    recordings.set(callId, blocks);
    media.recorder = (block) => {
      if (blocks.length < MAX_RECORDED_BLOCKS) blocks.push(block.slice());
    };
    return () => {
      media.recorder = null;
    };
  });
}

interface Play {
  readonly blocks: readonly Int16Array[];
  readonly signal: AbortSignal;
  readonly clock?: Clock;
}

/** Opens the speaker, plays the blocks and closes it. @throws the error of the speaker */
async function playOn(
  { sound, settings, mediaOf, speakerMutex, log }: CallEnvironment,
  callId: string,
  { blocks, signal, clock }: Play,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const media = mediaOf(callId);
  let stop: (() => void) | null = null;
  const play = (speaker: Speaker): void => {
    let next = -LEAD_BLOCKS;
    stop = paceBlocks(() => {
      const block = blocks[next];
      next += 1;
      if (block) speaker.play(block, SAMPLE_RATE);
      else if (next > blocks.length + TAIL_BLOCKS) resolve();
    }, clock);
  };
  const report = (event: MediaEvent): void => {
    if (event.type === "device.speakerLost") reject(new Error(event.why));
  };
  const held = hold<Speaker>(
    {
      kind: "speaker",
      mutex: speakerMutex,
      choice: settings.get().speaker,
      overlaps: false,
      isSame: ({ deviceId }, next) => deviceId === next,
      open: (choice, { onLost, isCurrent }) =>
        sound.openSpeaker(choice, onLost, interruptionsOf("speaker", report, media, isCurrent)),
      attach: (speaker) => {
        stop?.();
        media.speaker = speaker;
        if (speaker) play(speaker);
        else delete media.soundStatus.speaker;
      },
    },
    report,
    log,
  );
  signal.addEventListener("abort", () => reject(new Error("the preview was closed")));
  if (signal.aborted) reject(new Error("the preview was closed"));
  try {
    await promise;
  } finally {
    held.release();
  }
}
