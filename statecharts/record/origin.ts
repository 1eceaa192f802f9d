// The origin of an event, derived from its name. The charts name events `source.fact`, and xstate has its own names.

import type { EventOrigin } from "../../rpc-schema/index.ts";

const ORIGINS: Readonly<Record<string, EventOrigin>> = {
  user: "user",
  settings: "user",
  signal: "remote",
  device: "device",
  devices: "device",
  peer: "engine",
  measured: "engine",
  linkLimited: "engine",
  linkQueued: "engine",
  sourceChanged: "device",
  host: "host",
};

/** @param fromChart whether a chart sent it, rather than an effect or the plugin */
export function originOf(type: string, fromChart: boolean): EventOrigin {
  if (type.startsWith("xstate.after.")) return "clock";
  if (fromChart || type.startsWith("xstate.init")) return "chart";
  const source = type.split(".", 1)[0] ?? "";
  return ORIGINS[source] ?? (type.startsWith("xstate.") ? "engine" : "chart");
}
