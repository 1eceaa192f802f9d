// Applies the stored settings to the plugin: at the start, after each change, and when a device that was stored by its label
// is plugged in. Remembers which settings need a restart.

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
import { isRecord } from "../../../rpc-schema/is-record.ts";
import { errorText } from "../../common/error-text.ts";
import type { SettingsAnswer } from "../../http/page-messages.ts";
import type { HostLink } from "../../rpc/host-link.ts";
import { type StoredSettings, settingsRefused, withDevices } from "./stored-settings.ts";

export interface SettingsControllerOptions {
  readonly manifest: Manifest;
  readonly settings: StoredSettings;
  /** The running plugin, once it is initialized. */
  plugin(): HostLink | undefined;
  /** Resolves when the plugin has started or ended. */
  setEnabled(isEnabled: boolean): Promise<void>;
  /** Updates the pages. */
  onChange(change: { settings?: Settings; restartNeeded: readonly string[] }): void;
  log(line: string): void;
}

export class SettingsController {
  readonly #options: SettingsControllerOptions;
  #devices: DeviceList | null = null;
  #restartNeeded: string[] = [];
  /** The device settings that the plugin received last, as JSON. */
  #lastSent = "";

  constructor(options: SettingsControllerOptions) {
    this.#options = options;
  }

  get isEnabled(): boolean {
    return this.#options.settings.values().enabled;
  }

  get values(): HostValues {
    return this.#options.settings.values();
  }

  /** The stored settings for `initialize`. */
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

  /** Follows the device list of an initialized plugin. */
  attach(plugin: HostLink): void {
    plugin.onNotification("devices.changed", (devices) => this.#applyDevices(plugin, devices));
    if (!hasDevice(this.values)) return;
    plugin.request("devices.list", {}).then(
      (devices) => this.#applyDevices(plugin, devices),
      (error: unknown) => this.#options.log(`host: the devices were not listed: ${errorText(error)}`),
    );
  }

  /** A label can be resolved only with the list of devices. */
  async #loadDevices(): Promise<void> {
    this.#devices ??= (await this.#options.plugin()?.request("devices.list", {})) ?? null;
  }

  /**
   * All or nothing. The plugin gets the change first, because it checks more than the schema does.
   * @throws RpcError invalidParams with the host's name of each wrong value
   */
  async change(values: Readonly<Record<string, unknown>>): Promise<SettingsAnswer> {
    const { settings, onChange } = this.#options;
    const change = settings.check(values);
    if (hasDevice(change)) await this.#loadDevices();
    const pluginSettings = await this.#apply(toPluginSettings(withDevices(change, this.#devices)));
    await settings.store(change);
    if (change.enabled !== undefined) await this.#options.setEnabled(change.enabled);
    onChange({ ...(pluginSettings ? { settings: pluginSettings } : {}), restartNeeded: this.#restartNeeded });
    return this.describe();
  }

  /** Stores a change that a page made by the plugin's own method. */
  storePluginChange(params: unknown, restartNeeded: readonly string[]): void {
    this.#addRestartNeeded(restartNeeded);
    const change = isRecord(params) && isRecord(params.settings) ? toHostValues(params.settings) : {};
    // The page may send a part of this object, but the host stores the whole.
    if (change.largest_picture !== undefined) {
      change.largest_picture = { ...this.values.largest_picture, ...change.largest_picture };
    }
    if (Object.keys(change).length === 0) return;
    this.#options.settings.store(change).catch((error: unknown) => {
      this.#options.log(`host: the settings were not stored: ${errorText(error)}`);
    });
  }

  async #apply(change: DeepPartial<Settings>): Promise<Settings | null> {
    const plugin = this.#options.plugin();
    if (!plugin || Object.keys(change).length === 0) return null;
    try {
      const answer = await plugin.request("settings.update", { settings: change });
      this.#addRestartNeeded(answer.restartNeeded);
      return answer.settings;
    } catch (error) {
      if (!(error instanceof RpcError) || !error.issues) throw error;
      throw settingsRefused(error.issues.map((issue) => ({ ...issue, field: toHostField(issue.field) })));
    }
  }

  #addRestartNeeded(restartNeeded: readonly string[]): void {
    this.#restartNeeded = [...new Set([...this.#restartNeeded, ...restartNeeded.map(toHostField)])];
  }

  #applyDevices(plugin: HostLink, devices: DeviceList): void {
    this.#devices = devices;
    const { camera, microphone, speaker } = this.#options.settings.pluginSettings(devices);
    const wanted = {
      ...withoutUndefined({ camera }),
      ...withoutUndefined({ microphone }),
      ...withoutUndefined({ speaker }),
    };
    const json = JSON.stringify(wanted);
    if (json === this.#lastSent) return;
    this.#lastSent = json;
    plugin.request("settings.update", { settings: wanted }).then(
      ({ settings }) => this.#options.onChange({ settings, restartNeeded: this.#restartNeeded }),
      (error: unknown) => this.#options.log(`host: the stored devices were refused: ${errorText(error)}`),
    );
  }
}

function hasDevice(values: Partial<HostValues>): boolean {
  return hostSettings.some((one) => "device" in one && (values[one.name] ?? "") !== "");
}

/** Drops undefined values. */
function withoutUndefined<T extends object>(values: T): DeepPartial<Settings> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/** A host that left one of these out would undo a protection that its user asked for. */
const NEVER_LEFT_OUT = ["relayOnly"];

/**
 * @returns the settings without those that `initialize` refused by name; null when `error` has another cause, or when a setting
 * was refused that protects the user
 */
export function withoutRefused(
  settings: DeepPartial<Settings>,
  error: unknown,
): DeepPartial<Settings> | null {
  if (!(error instanceof RpcError) || error.kind !== "invalidParams") return null;
  const names = (error.issues ?? []).map(({ field }) => /^settings\.([^.]+)/.exec(field)?.[1]);
  if (names.some((name) => name !== undefined && NEVER_LEFT_OUT.includes(name))) return null;
  const rest = Object.entries(settings).filter(([name]) => !names.includes(name));
  return rest.length < Object.keys(settings).length ? Object.fromEntries(rest) : null;
}
