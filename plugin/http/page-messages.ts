// Messages between the reference host and its own pages, in addition to the plugin's contract. The page loads this file too.

import type {
  Availability,
  FrameDelivery,
  HostValues,
  PluginNotificationParams,
  Settings,
} from "../../rpc-schema/index.ts";

/** The state of the plugin process. */
export interface PluginState {
  /** `off`: the user has switched the plugin off in the settings. */
  state: "starting" | "ready" | "stopped" | "off";
  /** With `starting`: id of the call that the starting plugin continues after a crash. */
  resumes?: string;
  /** With `stopped`: the exit status or signal, as text. */
  why?: string;
  /** With `stopped`: the last line of the plugin's stderr. */
  lastLine?: string;
}

/** Sent to a page when it connects, and after each change. */
export interface HostState {
  label: string;
  plugin: PluginState;
  signalling?: PluginNotificationParams<"signalling.changed">;
  settings?: Settings;
  /** Whether calls are possible. Undefined until the plugin has sent it. */
  availability?: Availability;
  /** The host's names of the settings that take effect when the plugin restarts. */
  restartNeeded?: readonly string[];
  /** `native`: calls run in the plugin. `browser`: they run in the page. Undefined until the plugin has sent it. */
  mode?: "native" | "browser";
  /** The frame delivery of the page's views; `stdio` when undefined. With `auto` the page chooses. */
  pictures?: FrameDelivery | "auto";
}

/** Notification host → page. */
export const HOST_STATE = "host.state";
/** Request page → host: restarts the plugin, after it stopped or because a setting needs it. */
export const HOST_RESTART = "host.restart";
/** Request page → host, answered by a SettingsAnswer. */
export const HOST_SETTINGS = "host.settings";
/** Request page → host with `{values}`, keyed by the host's names of the settings. Answered by a SettingsAnswer. */
export const HOST_CHANGE_SETTINGS = "host.changeSettings";

/** The data of the settings page. */
export interface SettingsAnswer {
  readonly title: string;
  readonly version: string;
  /** JSON Schema of each setting by name. The plugin manifest describes the additional keywords. */
  readonly schema: Readonly<Record<string, SettingSchema>>;
  readonly values: HostValues;
  readonly restartNeeded: readonly string[];
}

/** The keywords that every setting has. */
export interface SettingSchema {
  readonly title: string;
  readonly description?: string | undefined;
  readonly [keyword: string]: unknown;
}

/** WebSocket subprotocol of the page. A second one, `token.<token>`, carries the session token. */
export const PAGE_PROTOCOL = "goop-call.v1";
export const TOKEN_PROTOCOL_PREFIX = "token.";
/** Path of the page's WebSocket. */
export const LINK_PATH = "/link";
