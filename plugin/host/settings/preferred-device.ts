// Resolves a stored device to one of the machine's devices. Goop²'s files hold a device's id or label, or an id that only
// a browser understands.

import type { Device } from "../../../rpc-schema/index.ts";

const AUTO = "auto";
/**
 * A browser's `deviceId`, which differs for each site: 64 hex digits in Chromium, 40 in WebKit, 32 bytes in base64 in
 * Firefox, and Chromium's two names.
 */
const BROWSER_ID = /^([0-9a-f]{64}|[0-9a-f]{40}|[A-Za-z0-9+/]{43}=|default|communications)$/i;

/**
 * An unknown text may be the id of an unplugged device, so it is returned unchanged: the plugin then takes another device
 * until this one is back.
 * @param stored an id or a label
 * @returns the plugin's device id, or `auto` for an empty text and a browser's id
 */
export function resolveDevice(stored: string, devices: readonly Device[]): string {
  if (stored === "") return AUTO;
  if (devices.some(({ id }) => id === stored)) return stored;
  const named = devices.filter(({ name }) => name === stored);
  const [only] = named;
  if (only && named.length === 1) return only.id;
  return BROWSER_ID.test(stored) ? AUTO : stored;
}
