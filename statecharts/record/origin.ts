// Where an event came from, by its name: the charts name events `source.fact`, and xstate names its own.

import type { EventOrigin } from "../../rpc-schema/index.ts";

const ORIGINS: Readonly<Record<string, EventOrigin>> = {
  user: "user",
  settings: "user",
  signal: "remote",
  device: "device",
  devices: "device",
  peer: "engine",
  measured: "engine",
  host: "host",
};

/** @param fromChart whether a chart sent it, and not an effect or the surroundings */
export function originOf(type: string, fromChart: boolean): EventOrigin {
  if (type.startsWith("xstate.after.")) return "clock";
  if (fromChart || type.startsWith("xstate.init")) return "chart";
  const source = type.split(".", 1)[0] ?? "";
  return ORIGINS[source] ?? (type.startsWith("xstate.") ? "engine" : "chart");
}
