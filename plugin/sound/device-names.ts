// Which of PortAudio's devices are shown to people, under which id and name. Ids name the same device after a
// restart, which PortAudio's own numbers do not. Opens nothing.

/** What PortAudio says of one device. */
export interface PortAudioDevice {
  /** PortAudio's index, valid until its next scan. */
  readonly id: number;
  readonly name: string;
  readonly hostAPIName: string;
  readonly maxInputChannels: number;
  readonly maxOutputChannels: number;
}

export type Direction = "microphone" | "speaker";

export interface NamedDevice {
  /** `<host API>:<name>`, with `#2` and so on where names repeat. */
  readonly id: string;
  readonly name: string;
  /** PortAudio's index, valid until its next scan. */
  readonly index: number;
  readonly isDefault: boolean;
}

/** ALSA's card and device numbers depend on the order in which cards were found. */
const CARD_NUMBERS = / \(hw:\d+,\d+\)$/;
/**
 * ALSA plugins that reach the same cards by other ways, or no card at all; see the PCM list of
 * https://www.alsa-project.org/alsa-doc/alsa-lib/pcm_plugins.html and alsa-plugins.
 */
const PLUMBING =
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
    if (channels < 1 || PLUMBING.test(device.name)) continue;
    const bare = device.name.replace(CARD_NUMBERS, "");
    const key = `${device.hostAPIName}:${bare}`;
    const copy = (seen.get(key) ?? 0) + 1;
    seen.set(key, copy);
    const suffix = copy === 1 ? "" : ` #${copy}`;
    named.push({
      id: copy === 1 ? key : `${key}#${copy}`,
      name: `${FRIENDLY_NAMES[bare] ?? bare}${suffix}`,
      index: device.id,
      isDefault: device.id === defaultIndex,
    });
  }
  return named;
}

/** The device that `auto` means: the system's default, else the first one; undefined where there is none. */
export function findDevice(devices: readonly NamedDevice[], choice: string): NamedDevice | undefined {
  if (choice !== "auto") return devices.find((device) => device.id === choice);
  return devices.find((device) => device.isDefault) ?? devices[0];
}
