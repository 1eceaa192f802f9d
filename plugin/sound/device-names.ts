// Selects the PortAudio devices to show to users, and gives them ids and names. An id names the same device after a
// restart; PortAudio's own numbers do not.

/** PortAudio's description of a device. */
export interface PortAudioDevice {
  /** PortAudio's index, valid until its next scan. */
  readonly id: number;
  readonly name: string;
  readonly hostAPIName: string;
  readonly maxInputChannels: number;
  readonly maxOutputChannels: number;
  /** In Hz. */
  readonly defaultSampleRate: number;
}

export type Direction = "microphone" | "speaker";

export interface NamedDevice {
  /** `<host API>:<name>`, with `#2` and so on where names repeat. */
  readonly id: string;
  readonly name: string;
  /** PortAudio's index, valid until its next scan. */
  readonly index: number;
  /** ALSA's number of the card; null for a PCM that is no card's own. */
  readonly card: string | null;
  /** The name by which ALSA opens it, such as hw:1,0. */
  readonly pcm: string;
  /** The most that PortAudio opens, in this direction. */
  readonly maxChannels: number;
  /** A rate that the device has in one of its directions, in Hz. */
  readonly defaultSampleRate: number;
  readonly isDefault: boolean;
}

/** ALSA's card and device numbers depend on the order of detection. */
const CARD_NUMBERS = / \((hw:(\d+),\d+)\)$/;
/**
 * ALSA plugins that reach the same cards in other ways, or no card at all. See the PCM list of
 * https://www.alsa-project.org/alsa-doc/alsa-lib/pcm_plugins.html and alsa-plugins.
 */
const ALSA_PLUGINS =
  /^(sysdefault|front|rear|center_lfe|side|surround\d+|iec958|spdif|hdmi|modem|phoneline|dmix|dsnoop|null|oss|lavrate\w*|samplerate\w*|speex\w*|(up|vdown)mix|a52|usb_?stream)$/;
const FRIENDLY_NAMES: Readonly<Record<string, string>> = {
  default: "System default",
  pulse: "PulseAudio",
  pipewire: "PipeWire",
  jack: "JACK",
};

/** @param defaultIndex PortAudio's index of the system's default for this direction. */
export function nameDevices(
  devices: readonly PortAudioDevice[],
  direction: Direction,
  defaultIndex: number,
): NamedDevice[] {
  const seen = new Map<string, number>();
  const named: NamedDevice[] = [];
  for (const device of devices) {
    const channels = direction === "microphone" ? device.maxInputChannels : device.maxOutputChannels;
    if (channels < 1 || ALSA_PLUGINS.test(device.name)) continue;
    const bare = device.name.replace(CARD_NUMBERS, "");
    const key = `${device.hostAPIName}:${bare}`;
    const copy = (seen.get(key) ?? 0) + 1;
    seen.set(key, copy);
    const suffix = copy === 1 ? "" : ` #${copy}`;
    named.push({
      id: copy === 1 ? key : `${key}#${copy}`,
      name: `${FRIENDLY_NAMES[bare] ?? bare}${suffix}`,
      index: device.id,
      card: CARD_NUMBERS.exec(device.name)?.[2] ?? null,
      pcm: CARD_NUMBERS.exec(device.name)?.[1] ?? device.name,
      maxChannels: channels,
      defaultSampleRate: device.defaultSampleRate,
      isDefault: device.id === defaultIndex,
    });
  }
  return named;
}

/** `auto` means the system's default, or else the first device. Undefined when there is none. */
export function findDevice(devices: readonly NamedDevice[], choice: string): NamedDevice | undefined {
  if (choice !== "auto") return devices.find((device) => device.id === choice);
  return devices.find((device) => device.isDefault) ?? devices[0];
}
