// Notifications to the host, checked by our own schemas before they leave. Pictures do not come this way: their
// lines are built by plugin/frames.

import { createJSONRPCNotification } from "json-rpc-2.0";
import {
  type PluginNotificationName,
  type PluginNotificationParams,
  pluginNotifications,
} from "../../rpc-schema/index.ts";
import type { Log } from "../log.ts";
import { summaryOf } from "./messages.ts";

/** What is wrong by our own schema, or too long for a line, is logged and not sent. Never throws. */
export type Notify = <N extends PluginNotificationName>(name: N, params: PluginNotificationParams<N>) => void;

export function createNotifier(send: (line: string) => void, log: Log): Notify {
  return (name, params) => {
    const checked = pluginNotifications[name].params.safeParse(params);
    if (!checked.success) return log("error", `${name} not sent: ${summaryOf(checked.error, params)}`);
    try {
      send(JSON.stringify(createJSONRPCNotification(name, params)));
    } catch (error) {
      log("error", `${name} not sent: ${String(error)}`);
    }
  };
}
