// Which of the machine's devices a stored word means. The field's files hold a device's id or its label, and also ids
// that only a browser understands. A pure rule.

import type { Device } from "../../../rpc-schema/index.ts";

const AUTO = "auto";
/**
 * What browsers make up as `deviceId`, which differs for each site: 64 hex digits in Chromium, 40 in WebKit, 32 bytes in
 * base64 in Firefox, and Chromium's two words.
 */
const BROWSER_ID = /^([0-9a-f]{64}|[0-9a-f]{40}|[A-Za-z0-9+/]{43}=|default|communications)$/i;

/**
 * A device's id as the plugin knows it, by id or by label; `auto` for what means nothing here. A word that might be an
 * absent device's goes on as it is: the plugin takes another device then, and this one when it is back.
 */
export function resolveDevice(word: string, devices: readonly Device[]): string {
  if (word === "") return AUTO;
  if (devices.some(({ id }) => id === word)) return word;
  const named = devices.filter(({ name }) => name === word);
  const [only] = named;
  if (only && named.length === 1) return only.id;
  return BROWSER_ID.test(word) ? AUTO : word;
}
