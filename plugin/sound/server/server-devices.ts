// A sound server's sources and sinks as devices for users: which they are, their ids and names, and which one a choice means.

import type { ServerDevice, ServerState } from "../../../native/sound-server.ts";
import type { Device, SoundKind } from "../../../rpc-schema/index.ts";
import type { Direction } from "../device-names.ts";
import { AUTO_ID } from "../sound.ts";

/** A device of the server, as the contract lists it. */
export interface ServerChoice extends Device {
  readonly kind: SoundKind;
  /** The server's own name and index of the device. */
  readonly serverName: string;
  readonly index: number;
  readonly isSuspended: boolean;
  /** Ids by which earlier versions knew this device. */
  readonly formerIds: readonly string[];
}

export interface ServerChoices {
  readonly microphones: readonly ServerChoice[];
  readonly speakers: readonly ServerChoice[];
}

const PREFIX = "pulse:";
/** PortAudio's names of the server as a whole, which settings may still hold. They mean the server's default. */
const WHOLE_SERVER = new Set(["ALSA:default", "ALSA:pulse", "ALSA:pipewire"]);
/** The sink that PulseAudio and PipeWire create while there is no other, and PulseAudio's module for silent sources. */
const NULL_NAMES = /^auto_null(\.|$)/;
const NULL_DRIVER = /^module-null-source/;
/** A Bluetooth device has another name in each profile. Its address comes first: bluez_sink.00_11_22_33_44_55.a2dp_sink. */
const BLUETOOTH = /^(bluez_(?:sink|source|output|input)\.[0-9A-Fa-f]{2}(?:[_:][0-9A-Fa-f]{2}){5})\..*$/;
const KIND_ORDER: readonly SoundKind[] = ["microphone", "speaker", "monitor", "null"];

/** Whether `auto` may open a device of this kind, and whether it may replace another one. */
export function isOrdinary(kind: SoundKind | undefined): boolean {
  return kind !== "monitor" && kind !== "null";
}

export function isServerId(id: string): boolean {
  return id.startsWith(PREFIX);
}

/** @returns the id, which stays the same when the server restarts or a Bluetooth device changes its profile */
function idOf({ name }: ServerDevice): string {
  return `${PREFIX}${name.replace(BLUETOOTH, "$1")}`;
}

/** Real devices come first, then the monitors of speakers. One device at most is the default: the one that `auto` opens. */
export function choicesOf(state: ServerState): ServerChoices {
  return {
    microphones: choices(state.sources, "microphone", state.defaultSource),
    speakers: choices(state.sinks, "speaker", state.defaultSink),
  };
}

function choices(
  devices: readonly ServerDevice[],
  direction: Direction,
  defaultName: string,
): ServerChoice[] {
  const byName = devices.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const ids = new Set<string>();
  const names = new Map<string, number>();
  const listed = byName.flatMap((device) => {
    const id = idOf(device);
    // The old and the new profile of a Bluetooth device may both be there for a moment.
    if (ids.has(id)) return [];
    ids.add(id);
    const label = device.description || device.name;
    const copy = (names.get(label) ?? 0) + 1;
    names.set(label, copy);
    return [{ ...choice(device, direction), id, name: copy === 1 ? label : `${label} #${copy}` }];
  });
  const auto = automatic(listed, defaultName);
  return listed
    .map((one) => ({ ...one, isDefault: one === auto }))
    .toSorted((one, other) => KIND_ORDER.indexOf(one.kind) - KIND_ORDER.indexOf(other.kind));
}

function choice(device: ServerDevice, direction: Direction): Omit<ServerChoice, "id" | "name"> {
  const { alsaCardName, alsaName, port, portAvailable } = device;
  return {
    isDefault: false,
    kind: kindOf(device, direction),
    ...(portAvailable === "" ? {} : { port: { name: port, available: portAvailable } }),
    isMuted: device.isMuted,
    volume: device.volume,
    serverName: device.name,
    index: device.index,
    isSuspended: device.state === "suspended",
    formerIds: alsaCardName && alsaName ? [`ALSA:${alsaCardName}: ${alsaName}`] : [],
  };
}

function kindOf(device: ServerDevice, direction: Direction): SoundKind {
  const { name, monitorOf, deviceClass, driver } = device;
  if (direction === "microphone" && (monitorOf !== "" || deviceClass === "monitor")) return "monitor";
  if (NULL_NAMES.test(name) || NULL_DRIVER.test(driver)) return "null";
  return direction;
}

/** The server's default unless it is a monitor or null; else the first ordinary device, plugged in where possible. */
function automatic(devices: readonly ServerChoice[], defaultName: string): ServerChoice | undefined {
  const ordinary = devices.filter(({ kind }) => isOrdinary(kind));
  return (
    ordinary.find(({ serverName }) => serverName === defaultName) ??
    ordinary.find(({ port }) => port?.available !== "no") ??
    ordinary[0]
  );
}

/** True for `auto` and for the ids that earlier versions gave to the server as a whole. */
export function meansDefault(choice: string): boolean {
  return choice === AUTO_ID || WHOLE_SERVER.has(choice);
}

/** @returns the device that an id of this or an earlier version means, or one with this name; undefined without one */
export function findChoice(devices: readonly ServerChoice[], choice: string): ServerChoice | undefined {
  if (meansDefault(choice)) return devices.find(({ isDefault }) => isDefault);
  return (
    devices.find(({ id }) => id === choice) ??
    devices.find(({ formerIds }) => formerIds.includes(choice)) ??
    devices.find(({ name, serverName }) => name === choice || serverName === choice)
  );
}

/** @returns the fields of the contract only */
export function publicChoice(device: ServerChoice): Device {
  const { id, name, isDefault, kind, port, isMuted, volume } = device;
  return {
    id,
    name,
    isDefault,
    kind,
    ...(port === undefined ? {} : { port }),
    ...(isMuted === undefined ? {} : { isMuted }),
    ...(volume === undefined ? {} : { volume }),
  };
}

/** Below this a voice is hardly audible. */
export const TURNED_DOWN_PERCENT = 5;

interface Loudness {
  readonly isMuted: boolean;
  readonly volume: number;
}

/** @returns what keeps sound from passing a device or its stream, as text for the user; null when nothing does */
export function noticeOf(device: ServerChoice, stream: Loudness): string | null {
  const { name, kind, port, isMuted = false, volume = 100 } = device;
  if (isMuted) return `${name} is muted in the system's sound settings`;
  if (stream.isMuted) return `this call is muted on ${name} in the system's volume control`;
  const lowest = Math.min(volume, stream.volume);
  if (lowest <= TURNED_DOWN_PERCENT)
    return `${name} is turned down to ${lowest} % in the system's sound settings`;
  if (port?.available === "no") return `nothing is plugged into ${name} (${port.name})`;
  return isOrdinary(kind) ? null : `this is ${name}, ${unusableText(device)}`;
}

/** @returns why `auto` does not open this device, as part of a sentence */
export function unusableText({ kind }: ServerChoice): string {
  return kind === "monitor"
    ? "which repeats the sound of this computer to the other side"
    : "which is no real device";
}
