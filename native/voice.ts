// The voice processor's types and façade. Checks the length of each block, because the addon does not.

/** Each setting works without the others. */
export interface VoiceSettings {
  readonly echoCancellation: boolean;
  readonly noiseSuppression: boolean;
  readonly automaticGain: boolean;
}

export interface VoiceFigures {
  /** Estimated delay of the echo in milliseconds; 0 before there is an estimate. */
  readonly echoDelayMs: number;
  /** Captured power before over after cancellation, in decibels, while the speaker plays. The near voice lowers it. */
  readonly echoReductionDb: number;
  /** Captured blocks without a played counterpart, and played blocks without a captured one. */
  readonly missingBlocks: number;
  readonly droppedBlocks: number;
}

/** Blocks are 10 ms: 480 samples, 16 bit, mono, 48 kHz. Runs on the calling thread, 0.3 ms a block. */
export interface VoiceProcessor {
  /** Takes effect with the next block. */
  configure(settings: VoiceSettings): void;
  /** Call it with every block handed to the speaker, including silence. */
  playing(block: Int16Array): void;
  /** Replaces the captured samples by the processed ones. @throws Error with the library's status */
  captured(block: Int16Array): void;
  figures(): VoiceFigures;
}

/** The addon's object. */
interface BoundVoice {
  configure(echoCancellation: boolean, noiseSuppression: boolean, automaticGain: boolean): void;
  playing(block: Int16Array): void;
  captured(block: Int16Array): void;
  figures(): VoiceFigures;
}

export type CreateBoundVoice = (echo: boolean, noise: boolean, gain: boolean) => BoundVoice;

const BLOCK_SAMPLES = 480;

/** @throws Error when the library cannot be set up */
export function openVoice(create: CreateBoundVoice, settings: VoiceSettings): VoiceProcessor {
  const bound = create(settings.echoCancellation, settings.noiseSuppression, settings.automaticGain);
  return {
    configure: ({ echoCancellation, noiseSuppression, automaticGain }) =>
      bound.configure(echoCancellation, noiseSuppression, automaticGain),
    playing: (block) => bound.playing(checkedBlock(block)),
    captured: (block) => bound.captured(checkedBlock(block)),
    figures: () => bound.figures(),
  };
}

function checkedBlock(block: Int16Array): Int16Array {
  if (block.length === BLOCK_SAMPLES) return block;
  throw new RangeError(`block: ${block.length} samples, expected ${BLOCK_SAMPLES}`);
}
