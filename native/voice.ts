// The voice processor's types and façade: the addon trusts the length of a block, so it is checked here.

/** Each works without the others. */
export interface VoiceSettings {
  readonly echoCancellation: boolean;
  readonly noiseSuppression: boolean;
  readonly automaticGain: boolean;
}

export interface VoiceFigures {
  /** Delay of the echo as it was found, milliseconds; 0 before it was. */
  readonly echoDelayMs: number;
  /** Captured before against after cancellation while the speaker sounds, decibels; the near voice lowers it. */
  readonly echoReductionDb: number;
  /** Captured blocks for which nothing played was there; played blocks that came too often. */
  readonly missingBlocks: number;
  readonly droppedBlocks: number;
}

/** Blocks are 10 ms: 480 samples, 16 bit, mono, 48 kHz. Everything happens on the calling thread, 0.3 ms a block. */
export interface VoiceProcessor {
  /** Takes effect with the next block. */
  configure(settings: VoiceSettings): void;
  /** What the speaker plays, silence included, when it is handed over. */
  playing(block: Int16Array): void;
  /** Replaces the captured samples by those to be sent. @throws Error with the library's status. */
  captured(block: Int16Array): void;
  figures(): VoiceFigures;
}

/** As the addon hands it out. */
export interface BoundVoice {
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
