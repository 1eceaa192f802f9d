// Which device of a kind is wished for, which is the next best, and whether one may be tried again. Pure rules over what
// the media chart remembers of one kind of device.

import type { Device, DeviceKind, DeviceList } from "../../rpc-schema/index.ts";

export interface OpenDevice {
  readonly deviceId: string;
  readonly deviceName: string;
}

/** One kind of device as user, machine and luck left it. */
export interface DeviceContext {
  /** What the user chose in this call; null: what the settings say. */
  readonly choice: string | null;
  /** What `auto` meant when it first opened a device in this call, other than a built-in one. */
  readonly first: string | null;
  /** In place of the choice, which is not to be had; null: the choice itself. */
  readonly substitute: string | null;
  readonly open: OpenDevice | null;
  readonly why: string | null;
  /** Why the open device does not work for now, while it is tried again; null while it works. */
  readonly interruption: string | null;
  /** The device wished for is there again, and waits for the user's word. */
  readonly offered: OpenDevice | null;
  /** Ids that failed since one was last steady. */
  readonly failedIds: readonly string[];
  /** Rounds of tries since one was last steady. */
  readonly retryRounds: number;
}

/** What is known of the machine and of the settings. */
export interface DeviceEnvironment {
  readonly devices: DeviceList;
  /** Before the last change; null at the first list. */
  readonly previousDevices: DeviceList | null;
  /** The settings' words for each kind. */
  readonly preferred: Readonly<Record<DeviceKind, string>>;
  readonly whenDeviceReturns: "take" | "offer";
}

export const NO_DEVICE: DeviceContext = {
  choice: null,
  first: null,
  substitute: null,
  open: null,
  why: null,
  interruption: null,
  offered: null,
  failedIds: [],
  retryRounds: 0,
};

const AUTO = "auto";
/** Always there, never the next best: nobody wants a tone in place of a voice. */
const BUILT_IN = new Set(["test-pattern", "tone", "none"]);
/** A device that failed five times, over half a minute, wants a human. */
export const MAX_RETRY_ROUNDS = 5;

export const isBuiltIn = (deviceId: string) => BUILT_IN.has(deviceId);

function listOf(devices: DeviceList, kind: DeviceKind): Device[] {
  return devices[`${kind}s`].filter(({ id }) => !isBuiltIn(id));
}

function lists(devices: DeviceList | null, kind: DeviceKind, deviceId: string): boolean {
  return devices?.[`${kind}s`].some(({ id }) => id === deviceId) ?? false;
}

/** The id of the device that the user would rather have than any other; null while it is not known. */
export function preferredId(
  device: DeviceContext,
  environment: DeviceEnvironment | null,
  kind: DeviceKind,
): string | null {
  const word = device.choice ?? environment?.preferred[kind] ?? AUTO;
  if (word !== AUTO) return word;
  if (device.first !== null || !environment) return device.first;
  return listOf(environment.devices, kind).find(({ isDefault }) => isDefault)?.id ?? null;
}

/**
 * The devices to try, best first: the preferred one, the system's default, the others; those that failed are left out.
 * A built-in choice is always to be had, so nothing stands in for it.
 */
export function candidates(
  device: DeviceContext,
  environment: DeviceEnvironment | null,
  kind: DeviceKind,
  tried: readonly string[] = device.failedIds,
): string[] {
  const preferred = preferredId(device, environment, kind);
  if (preferred !== null && isBuiltIn(preferred)) return tried.includes(preferred) ? [] : [preferred];
  if (!environment) return [];
  const rank = ({ id, isDefault }: Device) => (id === preferred ? 0 : isDefault ? 1 : 2);
  return listOf(environment.devices, kind)
    .filter(({ id }) => !tried.includes(id))
    .sort((one, other) => rank(one) - rank(other))
    .map(({ id }) => id);
}

/** The preferred device, where it is there and another one, or none, is open. */
export function availablePreferred(
  device: DeviceContext,
  environment: DeviceEnvironment | null,
  kind: DeviceKind,
): OpenDevice | null {
  const preferred = preferredId(device, environment, kind);
  if (!environment || preferred === null || preferred === device.open?.deviceId) return null;
  const found = environment.devices[`${kind}s`].find(({ id }) => id === preferred);
  return found ? { deviceId: found.id, deviceName: found.name } : null;
}

/** It was not there before the last change of the list. */
export function hasReturned(
  device: DeviceContext,
  environment: DeviceEnvironment | null,
  kind: DeviceKind,
): boolean {
  const preferred = availablePreferred(device, environment, kind);
  // The first list tells of no return.
  if (!preferred || !environment?.previousDevices) return false;
  return !lists(environment.previousDevices, kind, preferred.deviceId);
}

/** Ids that failed and that the list still holds: what was unplugged gets a new chance when it comes back. */
export function stillFailed(
  device: DeviceContext,
  environment: DeviceEnvironment,
  kind: DeviceKind,
): string[] {
  return device.failedIds.filter(
    (id) => lists(environment.previousDevices, kind, id) === lists(environment.devices, kind, id),
  );
}
