// What the reference host tells its own pages, beyond the plugin's contract. Types only.

import type {
  Availability,
  FrameDelivery,
  HostValues,
  PluginNotificationParams,
  Settings,
} from "../../rpc-schema/index.ts";

/** The plugin process as the host sees it. */
export interface PluginState {
  /** off: the user does without it. */
  state: "starting" | "ready" | "stopped" | "off";
  /** With `starting`: the call in which the plugin before died, and with which this one goes on. */
  resumes?: string;
  /** With `stopped`: exit status or signal, in words. */
  why?: string;
  /** With `stopped`: the last line that the plugin wrote to stderr. */
  lastLine?: string;
}

/** Sent to a page when it connects and whenever any of it changes. */
export interface HostState {
  label: string;
  plugin: PluginState;
  signalling?: PluginNotificationParams<"signalling.changed">;
  settings?: Settings;
  /** Whether calls can be made here. Undefined before the plugin said so. */
  availability?: Availability;
  /** Names of settings, as the host has them, that wait for a restart of the plugin. */
  restartNeeded?: readonly string[];
  /** native: calls run in the plugin; browser: in the page. Undefined before the plugin said so. */
  mode?: "native" | "browser";
  /** How the page takes its pictures; without it, stdio. */
  pictures?: FrameDelivery;
}

/** Notification host → page. */
export const HOST_STATE = "host.state";
/** Request page → host: starts the plugin again after it stopped, or where a setting waits for it. */
export const HOST_RESTART = "host.restart";
/** Request page → host: gives a SettingsAnswer. */
export const HOST_SETTINGS = "host.settings";
/** Request page → host `{values}`: any of the settings in the host's names; gives a SettingsAnswer. */
export const HOST_CHANGE_SETTINGS = "host.changeSettings";

/** What the settings page is drawn from. */
export interface SettingsAnswer {
  readonly title: string;
  readonly version: string;
  /** JSON Schema of each setting by name; see the manifest for what is added to it. */
  readonly schema: Readonly<Record<string, SettingSchema>>;
  readonly values: HostValues;
  readonly restartNeeded: readonly string[];
}

/** As far as the page draws it. */
export interface SettingSchema {
  readonly title: string;
  readonly description?: string | undefined;
  readonly [keyword: string]: unknown;
}
/** WebSocket subprotocol; the session's token travels beside it as `token.<token>`. */
export const PAGE_PROTOCOL = "goop-call.v1";
export const TOKEN_PROTOCOL_PREFIX = "token.";
/** Where the page server takes the WebSocket. */
export const LINK_PATH = "/link";
