// Which formats to try for a device that ALSA opens by itself. A device of a sound server needs none of this: the server converts.

import type { AlsaFormat } from "../../../native/sound-device.ts";
import { SAMPLE_RATE } from "../sound.ts";

/** How a device is opened. Samples are 16 bit; PortAudio converts those of the device. */
export interface DeviceFormat {
  /** In Hz. */
  readonly sampleRate: number;
  readonly channels: number;
}

/** One channel at WebRTC's rate. */
export const PLAIN: DeviceFormat = Object.freeze({ sampleRate: SAMPLE_RATE, channels: 1 });

/** What is known of a device before it is opened. */
export interface DeviceOffer {
  /** PortAudio refuses more. */
  readonly maxChannels: number;
  /** A rate that the device has, in Hz. */
  readonly defaultSampleRate: number;
  /** What the device has by itself, the best first. Null when ALSA was not asked, or gave no answer. */
  readonly formats: readonly AlsaFormat[] | null;
}

/** Above this an ALSA plugin converts by itself, and the number says nothing about a card. */
const MOST_CHANNELS_OF_A_CARD = 32;
/** Front left and front right: the first two in ALSA's order, and what other programs use. */
const STEREO = 2;
/** The best first. All carry a voice. */
const USUAL_RATES = [48_000, 44_100, 96_000, 32_000, 16_000, 8_000];

/** Whether the PCM is a plugin that takes any format, so that asking for its formats is useless. */
export function convertsByItself({
  maxChannels,
  card,
}: {
  maxChannels: number;
  card: string | null;
}): boolean {
  return card === null && maxChannels >= MOST_CHANNELS_OF_A_CARD;
}

/**
 * Two channels where the device has them, as other programs open it: one that is used with a single channel may be silent, and
 * ALSA's own mixing halves the level. With more only, all of them. One, where there is one.
 * @param canResample whether other rates than 48 kHz can be used
 * @returns the formats in the order in which to try them; never empty
 */
export function formatsToTry(offer: DeviceOffer, canResample: boolean): DeviceFormat[] {
  const { maxChannels, defaultSampleRate, formats } = offer;
  const known = formats === null ? [] : formats.filter(({ minChannels }) => minChannels <= maxChannels);
  const rates = canResample ? [...new Set([SAMPLE_RATE, defaultSampleRate, ...USUAL_RATES])] : [SAMPLE_RATE];
  const guessed = rates.map((sampleRate) => ({ sampleRate, minChannels: 1, maxChannels }));
  const usable = known.filter(({ sampleRate }) => canResample || sampleRate === SAMPLE_RATE);
  return (usable.length > 0 ? usable : guessed).flatMap(({ sampleRate, minChannels, maxChannels: most }) =>
    channelCounts(minChannels, Math.min(most, maxChannels)).map((channels) => ({ sampleRate, channels })),
  );
}

function channelCounts(least: number, most: number): number[] {
  const wanted = Math.max(least, Math.min(STEREO, most));
  return wanted > 1 && least <= 1 ? [wanted, 1] : [wanted];
}

/** For people and logs. */
export function formatText({ sampleRate, channels }: DeviceFormat): string {
  return `${channels} ${channels === 1 ? "channel" : "channels"} at ${sampleRate} Hz`;
}
