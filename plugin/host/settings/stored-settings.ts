// The settings that the host stores for its plugin: read from the host's file, checked, and written back.

import {
  type DeepPartial,
  type DeviceList,
  defaultHostValues,
  type FieldIssue,
  type HostSettingName,
  type HostValues,
  hostSettings,
  hostValueIssues,
  RpcError,
  type Settings,
  toPluginSettings,
} from "../../../rpc-schema/index.ts";
import { resolveDevice } from "./preferred-device.ts";
import { openSettingsFile, type SettingsFile } from "./settings-file.ts";

export interface StoredSettings {
  /** All settings, with defaults for those that are not stored. */
  values(): HostValues;
  /** Only the stored settings, under the plugin's names and with the plugin's device ids. */
  pluginSettings(devices: DeviceList | null): DeepPartial<Settings>;
  /** @returns the change, validated. @throws RpcError invalidParams with the host's names */
  check(change: Readonly<Record<string, unknown>>): Partial<HostValues>;
  /** Applies the change and writes it to the file, if any. @throws Error when writing fails; the change still applies */
  store(change: Partial<HostValues>): Promise<void>;
}

/**
 * @param path the host's file; undefined keeps everything in memory
 * @param warn receives a line for each invalid value in the file, which stays in the file
 * @throws Error when the file cannot be read
 */
export async function openStoredSettings(
  path: string | undefined,
  warn: (line: string) => void,
): Promise<StoredSettings> {
  const file = path === undefined ? null : await openSettingsFile(path);
  return new FileSettings(file, warn);
}

class FileSettings implements StoredSettings {
  readonly #file: SettingsFile | null;
  #stored: Partial<HostValues>;

  constructor(file: SettingsFile | null, warn: (line: string) => void) {
    this.#file = file;
    this.#stored = file ? readStored(file, warn) : {};
  }

  values(): HostValues {
    return { ...defaultHostValues(), ...this.#stored };
  }

  pluginSettings(devices: DeviceList | null): DeepPartial<Settings> {
    return toPluginSettings(withDevices(this.#stored, devices));
  }

  check(change: Readonly<Record<string, unknown>>): Partial<HostValues> {
    const issues = hostValueIssues(change);
    if (issues.length > 0) throw settingsRefused(issues);
    return change as Partial<HostValues>;
  }

  async store(change: Partial<HostValues>): Promise<void> {
    this.#stored = { ...this.#stored, ...change };
    // Only the change is written. A page that shows no devices must not erase the stored ones.
    await this.#file?.write(
      Object.entries(change).map(([key, value]) => ({ section: sectionOf(key), key, value })),
    );
  }
}

/** Replaces stored devices by the ids under which the plugin lists them now. */
export function withDevices(values: Partial<HostValues>, devices: DeviceList | null): Partial<HostValues> {
  const resolved = hostSettings.flatMap((one) => {
    const stored = "device" in one ? values[one.name] : undefined;
    if (!("device" in one) || stored === undefined) return [];
    return [[one.name, resolveDevice(stored, devices?.[`${one.device}s`] ?? [])]];
  });
  return { ...values, ...Object.fromEntries(resolved) };
}

/** @param issues with the host's names */
export function settingsRefused(issues: readonly FieldIssue[]): RpcError {
  const text = issues.map(({ field, value, expected }) => `${field} is ${value}, ${expected}`).join("; ");
  return new RpcError("invalidParams", `not changed: ${text}`, { issues: [...issues] });
}

function readStored(file: SettingsFile, warn: (line: string) => void): Partial<HostValues> {
  const stored: Record<string, unknown> = {};
  for (const { name, section } of hostSettings) {
    const value = file.read(section, name);
    if (value === undefined || value === null) continue;
    const issues = hostValueIssues({ [name]: value });
    for (const issue of issues) {
      warn(`host: ${section}.${issue.field} is ${issue.value}, ${issue.expected}; using the default`);
    }
    if (issues.length === 0) stored[name] = value;
  }
  return stored as Partial<HostValues>;
}

function sectionOf(name: string): string {
  return hostSettings.find((one) => one.name === (name as HostSettingName))?.section ?? "plugins.call";
}
