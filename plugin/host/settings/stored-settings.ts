// The settings that the host keeps for its plugin: read from its file, checked, and written back. Decides which value
// counts; who acts upon it is not its business.

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
  /** Complete; what nobody has said is the default. */
  values(): HostValues;
  /** In the plugin's names, with devices as the plugin knows them; only what somebody has said. */
  pluginSettings(devices: DeviceList | null): DeepPartial<Settings>;
  /** The same for a change. @throws RpcError invalidParams in the host's names */
  check(change: Readonly<Record<string, unknown>>): Partial<HostValues>;
  /** Takes it, and writes it down where there is a file. @throws Error when it cannot be written; it counts all the same */
  store(change: Partial<HostValues>): Promise<void>;
}

/**
 * @param path of the host's file; undefined keeps everything in memory
 * @param complain hears of values in the file that do not count; they stay in it
 * @throws Error when the file cannot be read
 */
export async function openStoredSettings(
  path: string | undefined,
  complain: (line: string) => void,
): Promise<StoredSettings> {
  const file = path === undefined ? null : await openSettingsFile(path);
  return new KeptSettings(file, complain);
}

class KeptSettings implements StoredSettings {
  readonly #file: SettingsFile | null;
  #said: Partial<HostValues>;

  constructor(file: SettingsFile | null, complain: (line: string) => void) {
    this.#file = file;
    this.#said = file ? saidIn(file, complain) : {};
  }

  values(): HostValues {
    return { ...defaultHostValues(), ...this.#said };
  }

  pluginSettings(devices: DeviceList | null): DeepPartial<Settings> {
    return toPluginSettings(withDevices(this.#said, devices));
  }

  check(change: Readonly<Record<string, unknown>>): Partial<HostValues> {
    const issues = hostValueIssues(change);
    if (issues.length > 0) throw settingsRefused(issues);
    return change as Partial<HostValues>;
  }

  async store(change: Partial<HostValues>): Promise<void> {
    this.#said = { ...this.#said, ...change };
    // Only what changed: a page that shows no devices must not wipe those that are stored.
    await this.#file?.write(
      Object.entries(change).map(([key, value]) => ({ section: sectionOf(key), key, value })),
    );
  }
}

/** The devices that are said, by the ids under which the plugin knows them now. */
export function withDevices(said: Partial<HostValues>, devices: DeviceList | null): Partial<HostValues> {
  const resolved = hostSettings.flatMap((one) => {
    const word = "device" in one ? said[one.name] : undefined;
    if (!("device" in one) || word === undefined) return [];
    return [[one.name, resolveDevice(word, devices?.[`${one.device}s`] ?? [])]];
  });
  return { ...said, ...Object.fromEntries(resolved) };
}

/** What the plugin refused, in the host's names. */
export function settingsRefused(issues: readonly FieldIssue[]): RpcError {
  const text = issues.map(({ field, value, expected }) => `${field} is ${value}, ${expected}`).join("; ");
  return new RpcError("invalidParams", `not changed: ${text}`, { issues: [...issues] });
}

function saidIn(file: SettingsFile, complain: (line: string) => void): Partial<HostValues> {
  const said: Record<string, unknown> = {};
  for (const { name, section } of hostSettings) {
    const value = file.read(section, name);
    if (value === undefined || value === null) continue;
    const issues = hostValueIssues({ [name]: value });
    for (const issue of issues) {
      complain(`host: ${section}.${issue.field} is ${issue.value}, ${issue.expected}; the default counts`);
    }
    if (issues.length === 0) said[name] = value;
  }
  return said as Partial<HostValues>;
}

function sectionOf(name: string): string {
  return hostSettings.find((one) => one.name === (name as HostSettingName))?.section ?? "plugins.call";
}
