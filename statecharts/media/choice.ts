// The choice of a device of one kind: the preferred one, the next best, and which may be retried. Pure rules over the media
// chart's context.

import type { Device, DeviceKind, DeviceList } from "../../rpc-schema/index.ts";

export interface OpenDevice {
  readonly deviceId: string;
  readonly deviceName: string;
}

/** The state of one kind of device during a call. */
export interface DeviceContext {
  /** The user's choice in this call; null: as the settings say. */
  readonly choice: string | null;
  /** The first device that `auto` opened in this call; built-in ones do not count. */
  readonly first: string | null;
  /** Device to open because the choice is not available; null: the choice itself. */
  readonly substitute: string | null;
  readonly open: OpenDevice | null;
  readonly why: string | null;
  /** Why the open device is interrupted, while its owner retries; null while it works. */
  readonly interruption: string | null;
  /** The preferred device, which returned and is offered to the user. */
  readonly offered: OpenDevice | null;
  /** Ids that failed since a device last worked steadily. */
  readonly failedIds: readonly string[];
  /** Rounds of retries since a device last worked steadily. */
  readonly retryRounds: number;
}

/** The machine's devices, and the settings that concern them. */
export interface DeviceEnvironment {
  readonly devices: DeviceList;
  /** The list before the last change; null for the first list. */
  readonly previousDevices: DeviceList | null;
  /** The settings' value for each kind. */
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
/** Always available, but never a substitute: a tone must not replace a voice. */
const BUILT_IN = new Set(["test-pattern", "tone", "none"]);
/** Five failures take half a minute. After that only the user can help. */
export const MAX_RETRY_ROUNDS = 5;

export const isBuiltIn = (deviceId: string) => BUILT_IN.has(deviceId);

function listOf(devices: DeviceList, kind: DeviceKind): Device[] {
  return devices[`${kind}s`].filter(({ id }) => !isBuiltIn(id));
}

/** A monitor would send this computer's own sound instead of a voice, so it is used only where the user chose it. */
export const isOrdinary = ({ kind }: Pick<Device, "kind">) => kind !== "monitor" && kind !== "null";

/** A camera whose pictures cannot be shown is no substitute. One without permission may have got it in the meantime. */
const isShowable = ({ problem }: Device) => problem !== "format";

function lists(devices: DeviceList | null, kind: DeviceKind, deviceId: string): boolean {
  return devices?.[`${kind}s`].some(({ id }) => id === deviceId) ?? false;
}

/** @returns the id of the preferred device; null while it is unknown */
export function preferredId(
  device: DeviceContext,
  environment: DeviceEnvironment | null,
  kind: DeviceKind,
): string | null {
  const wanted = device.choice ?? environment?.preferred[kind] ?? AUTO;
  if (wanted !== AUTO) return wanted;
  if (device.first !== null || !environment) return device.first;
  return listOf(environment.devices, kind).find(({ isDefault }) => isDefault)?.id ?? null;
}

/**
 * @param failedIds devices to leave out
 * @returns the devices to try: the preferred one, the system's default, then the others. A built-in choice is always
 * available, so it has no substitute.
 */
export function candidates(
  device: DeviceContext,
  environment: DeviceEnvironment | null,
  kind: DeviceKind,
  failedIds: readonly string[] = device.failedIds,
): string[] {
  const preferred = preferredId(device, environment, kind);
  if (preferred !== null && isBuiltIn(preferred)) return failedIds.includes(preferred) ? [] : [preferred];
  if (!environment) return [];
  const isPluggedIn = ({ port }: Device) => port?.available !== "no";
  const rank = (one: Device) => (one.id === preferred ? 0 : one.isDefault ? 1 : isPluggedIn(one) ? 2 : 3);
  return listOf(environment.devices, kind)
    .filter((one) => one.id === preferred || (isOrdinary(one) && isShowable(one)))
    .filter(({ id }) => !failedIds.includes(id))
    .sort((one, other) => rank(one) - rank(other))
    .map(({ id }) => id);
}

/** @returns the preferred device if it is available and not the open one */
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

/** @returns whether the last change of the list added the preferred device */
export function hasReturned(
  device: DeviceContext,
  environment: DeviceEnvironment | null,
  kind: DeviceKind,
): boolean {
  const preferred = availablePreferred(device, environment, kind);
  // With the first list no device can have returned.
  if (!preferred || !environment?.previousDevices) return false;
  return !lists(environment.previousDevices, kind, preferred.deviceId);
}

/** @returns the failed ids whose presence did not change: an unplugged device may be retried when it returns */
export function stillFailed(
  device: DeviceContext,
  environment: DeviceEnvironment,
  kind: DeviceKind,
): string[] {
  return device.failedIds.filter(
    (id) => lists(environment.previousDevices, kind, id) === lists(environment.devices, kind, id),
  );
}
