// The devices of test/kernel/sound-formats.test.ts: streams of the loopback card, each limited to one format. Shared by the test and by its script in the kernel machine.

/** Whole periods in 10 ms. */
export const TONE_HZ = 1_000;
/** Of full scale. */
export const AMPLITUDE = 0.25;

export interface LimitedDevice {
  readonly direction: "microphone" | "speaker";
  /** The name in asound.conf. */
  readonly pcm: string;
  readonly channels: number;
  readonly sampleRate: number;
  /** The channels that carry the tone: what a program at the other end plays, or records. */
  readonly voiced: readonly number[];
}

const microphone = (pcm: string, sampleRate: number, channels: number, voiced: number[]): LimitedDevice => ({
  direction: "microphone",
  pcm,
  channels,
  sampleRate,
  voiced,
});
const speaker = (pcm: string, sampleRate: number, channels: number): LimitedDevice => ({
  direction: "speaker",
  pcm,
  channels,
  sampleRate,
  voiced: channels === 1 ? [0] : [0, 1],
});

/** At most eight, the streams of the loopback card. */
export const DEVICES: readonly LimitedDevice[] = [
  microphone("mic_six", 48_000, 6, [4]),
  microphone("mic_stereo", 44_100, 2, [1]),
  microphone("mic_mono", 16_000, 1, [0]),
  speaker("speaker_six", 48_000, 6),
  speaker("speaker_stereo", 44_100, 2),
  speaker("speaker_mono", 16_000, 1),
];

/** A stream's number on the loopback card. */
export function streamOf(device: LimitedDevice): number {
  return DEVICES.indexOf(device);
}
