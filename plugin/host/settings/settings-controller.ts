// What the host does with its plugin's settings: gives them at the start, passes changes on, remembers what waits for a
// restart, and keeps devices that were stored by label pointing at the right one.

import {
  type DeepPartial,
  type DeviceList,
  type HostValues,
  hostSettings,
  type Manifest,
  RpcError,
  type Settings,
  toHostField,
  toHostValues,
  toPluginSettings,
} from "../../../rpc-schema/index.ts";
import { errorText } from "../../common/error-text.ts";
import { isRecord } from "../../common/is-record.ts";
import type { SettingsAnswer } from "../../http/page-messages.ts";
import type { HostLink } from "../../rpc/host-link.ts";
import { type StoredSettings, settingsRefused, withDevices } from "./stored-settings.ts";

export interface SettingsControllerOptions {
  readonly manifest: Manifest;
  readonly settings: StoredSettings;
  /** The plugin of the moment, once it is initialized. */
  plugin(): HostLink | undefined;
  /** Starts or ends the plugin; resolves when that is done. */
  setEnabled(isEnabled: boolean): Promise<void>;
  /** The pages are told of it. */
  onChange(change: { settings?: Settings; restartNeeded: readonly string[] }): void;
  log(line: string): void;
}

export class SettingsController {
  readonly #options: SettingsControllerOptions;
  #devices: DeviceList | null = null;
  #restartNeeded: string[] = [];
  /** The devices that the plugin was told last, as JSON. */
  #told = "";

  constructor(options: SettingsControllerOptions) {
    this.#options = options;
  }

  get isEnabled(): boolean {
    return this.#options.settings.values().enabled;
  }

  get values(): HostValues {
    return this.#options.settings.values();
  }

  /** What `initialize` gets, beside what the program that runs this host wants. */
  initial(): DeepPartial<Settings> {
    this.#restartNeeded = [];
    return this.#options.settings.pluginSettings(this.#devices);
  }

  /** For the settings page. */
  describe(): SettingsAnswer {
    const { manifest } = this.#options;
    const { title, version } = manifest;
    const schema = manifest.settings.properties;
    return { title, version, schema, values: this.values, restartNeeded: this.#restartNeeded };
  }

  /** Follows the devices of a plugin that was initialized, as far as any is stored. */
  attach(plugin: HostLink): void {
    plugin.onNotification("devices.changed", (devices) => this.#listed(plugin, devices));
    if (!hasDevice(this.values)) return;
    plugin.request("devices.list", {}).then(
      (devices) => this.#listed(plugin, devices),
      (error: unknown) => this.#options.log(`host: devices not listed: ${errorText(error)}`),
    );
  }

  /** A label means nothing before it is known what is there. */
  async #learnDevices(): Promise<void> {
    this.#devices ??= (await this.#options.plugin()?.request("devices.list", {})) ?? null;
  }

  /**
   * All or nothing: the plugin is asked first, since it knows what a schema cannot.
   * @throws RpcError invalidParams that names each wrong value as the host does
   */
  async change(values: Readonly<Record<string, unknown>>): Promise<SettingsAnswer> {
    const { settings, onChange } = this.#options;
    const change = settings.check(values);
    if (hasDevice(change)) await this.#learnDevices();
    const taken = await this.#apply(toPluginSettings(withDevices(change, this.#devices)));
    await settings.store(change);
    if (change.enabled !== undefined) await this.#options.setEnabled(change.enabled);
    onChange({ ...(taken ? { settings: taken } : {}), restartNeeded: this.#restartNeeded });
    return this.describe();
  }

  /** A page changed the plugin's own settings, which took them: they are stored like the others. */
  storePluginChange(params: unknown, restartNeeded: readonly string[]): void {
    this.#note(restartNeeded);
    const change = isRecord(params) && isRecord(params.settings) ? toHostValues(params.settings) : {};
    // The page may send part of it; the whole is what counts.
    if (change.largest_picture !== undefined) {
      change.largest_picture = { ...this.values.largest_picture, ...change.largest_picture };
    }
    if (Object.keys(change).length === 0) return;
    this.#options.settings.store(change).catch((error: unknown) => {
      this.#options.log(`host: settings not stored: ${errorText(error)}`);
    });
  }

  async #apply(change: DeepPartial<Settings>): Promise<Settings | null> {
    const plugin = this.#options.plugin();
    if (!plugin || Object.keys(change).length === 0) return null;
    try {
      const answer = await plugin.request("settings.update", { settings: change });
      this.#note(answer.restartNeeded);
      return answer.settings;
    } catch (error) {
      if (!(error instanceof RpcError) || !error.issues) throw error;
      throw settingsRefused(error.issues.map((issue) => ({ ...issue, field: toHostField(issue.field) })));
    }
  }

  #note(restartNeeded: readonly string[]): void {
    this.#restartNeeded = [...new Set([...this.#restartNeeded, ...restartNeeded.map(toHostField)])];
  }

  #listed(plugin: HostLink, devices: DeviceList): void {
    this.#devices = devices;
    const { camera, microphone, speaker } = this.#options.settings.pluginSettings(devices);
    const wanted = { ...given({ camera }), ...given({ microphone }), ...given({ speaker }) };
    const text = JSON.stringify(wanted);
    if (text === this.#told) return;
    this.#told = text;
    plugin.request("settings.update", { settings: wanted }).then(
      ({ settings }) => this.#options.onChange({ settings, restartNeeded: this.#restartNeeded }),
      (error: unknown) => this.#options.log(`host: stored devices not taken: ${errorText(error)}`),
    );
  }
}

function hasDevice(values: Partial<HostValues>): boolean {
  return hostSettings.some((one) => "device" in one && (values[one.name] ?? "") !== "");
}

/** Without the keys that nobody has said. */
function given<T extends object>(values: T): DeepPartial<Settings> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/** The settings without those that `initialize` refused by name; null where that was not what went wrong. */
export function withoutRefused(
  settings: DeepPartial<Settings>,
  error: unknown,
): DeepPartial<Settings> | null {
  if (!(error instanceof RpcError) || error.kind !== "invalidParams") return null;
  const names = (error.issues ?? []).map(({ field }) => /^settings\.([^.]+)/.exec(field)?.[1]);
  const rest = Object.entries(settings).filter(([name]) => !names.includes(name));
  return rest.length < Object.keys(settings).length ? Object.fromEntries(rest) : null;
}
