// Warns the author of a host of a device setting that names no device. Such a setting is no error, because the device may only
// be unplugged at the moment.

import type { DeepPartial, DeviceKind, DeviceList, Settings } from "../../rpc-schema/index.ts";
import { errorText } from "../common/error-text.ts";
import type { Log } from "../log.ts";
import type { SettingsStore } from "./settings-store.ts";

const KINDS: readonly DeviceKind[] = ["camera", "microphone", "speaker"];
/** Choices that are no device's id. */
const CHOICES = ["auto", "none"];

/** @returns the same store, which also checks the devices of each change, without delaying it */
export function withDeviceWarnings(
  store: SettingsStore,
  listDevices: () => Promise<DeviceList>,
  log: Log,
): SettingsStore {
  return {
    ...store,
    change(change) {
      const result = store.change(change);
      void warnOfUnknownDevices(change, listDevices, log);
      return result;
    },
  };
}

async function warnOfUnknownDevices(
  change: DeepPartial<Settings>,
  listDevices: () => Promise<DeviceList>,
  log: Log,
): Promise<void> {
  const named = KINDS.filter((kind) => change[kind] !== undefined && !CHOICES.includes(change[kind]));
  if (named.length === 0) return;
  try {
    // The mode is set after the settings, in the same turn. Without it, the lists would be those of another mode.
    const devices = await Promise.resolve().then(listDevices);
    if (Object.values(devices).every(({ length }) => length === 0)) return; // the host's page makes the calls
    for (const kind of named) {
      const ids = devices[`${kind}s`].map(({ id }) => id);
      if (ids.includes(change[kind] ?? "")) continue;
      const value = JSON.stringify(change[kind]);
      const expected = `one of ${[...CHOICES, ...ids].join(", ")}`;
      const issues = [{ field: `settings.${kind}`, value, expected }];
      log("warn", `there is no ${kind} ${value} at present, so calls use another one`, { issues });
    }
  } catch (error) {
    log("debug", `the devices could not be listed: ${errorText(error)}`);
  }
}
