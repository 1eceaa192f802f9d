// An open device as its owner sees it.

import type { Device } from "../../../rpc-schema/index.ts";
import type { Log } from "../../log.ts";
import { type DeviceFormat, formatText, PLAIN } from "../device-format/device-format.ts";
import type { OpenedDevice } from "../process/sound-messages.ts";
import type { Target } from "../server/router.ts";

export interface OpenDevice {
  readonly id: string;
  readonly name: string;
  /** How ALSA opened it; null for a device of a sound server, which converts by itself. */
  readonly format: DeviceFormat | null;
  /** What the conversion from that format adds, in milliseconds. */
  readonly delayMs: number;
}

export type Opening =
  | ({ readonly result: "opened" } & OpenDevice)
  | { readonly result: "unknown"; readonly known: string[] };

/** @param opened the report of the sound process, which knows a server's device only as the default */
export function openDeviceOf(opened: OpenedDevice, { server }: Target, log: Log): OpenDevice {
  const { id, name, format, delayMs } = opened;
  if (server !== null) return { id: server.device.id, name: server.device.name, format: null, delayMs };
  if (format.sampleRate !== PLAIN.sampleRate || format.channels !== PLAIN.channels) {
    log("info", `${name} is opened with ${formatText(format)}; the conversion adds ${delayMs.toFixed(1)} ms`);
  }
  return { id, name, format, delayMs };
}

/**
 * Says in a list which devices are open and how. ALSA cannot list a device that only one program can use while it is open, so a
 * missing one is added.
 * @param open the devices that this plugin has open
 */
export function withOpenDevices(devices: readonly Device[], open: readonly (OpenDevice | null)[]): Device[] {
  const listed = [...devices];
  for (const device of open) {
    if (device === null || device.format === null) continue;
    const { id, name, format } = device;
    const at = listed.findIndex((one) => one.id === id);
    const known = listed[at] ?? { id, name, isDefault: !listed.some(({ isDefault }) => isDefault) };
    listed.splice(at < 0 ? listed.length : at, at < 0 ? 0 : 1, { ...known, opened: format });
  }
  return listed;
}
