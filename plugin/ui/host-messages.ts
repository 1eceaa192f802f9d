// What the reference host tells its own pages, beyond the plugin's contract. Types only.

import type { PluginNotificationParams, Settings } from "../../rpc-schema/index.ts";

/** The plugin process as the host sees it. */
export interface PluginState {
  state: "starting" | "ready" | "stopped";
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
}

/** Notification host → page. */
export const HOST_STATE = "host.state";
/** Request page → host: starts the plugin again after it stopped. */
export const HOST_RESTART = "host.restart";
/** WebSocket subprotocol; the session's token travels beside it as `token.<token>`. */
export const PAGE_PROTOCOL = "goop-call.v1";
export const TOKEN_PROTOCOL_PREFIX = "token.";
/** Where the page server takes the WebSocket. */
export const LINK_PATH = "/link";
