// Checks whether mDNS can find peers, and whether the settings are valid. Sends no packet.

import { type Settings, settingsSchema } from "../../rpc-schema/index.ts";
import { errorText } from "../common/error-text.ts";
import { summaryOf } from "../rpc/messages.ts";
import { type Finding, failure, ok, warning } from "./finding.ts";
import { askIceServers, checkIceServers } from "./ice-server-checks.ts";
import type { SystemView } from "./system-view.ts";

/** Linux's IFF_UP (0x1), IFF_LOOPBACK (0x8) and IFF_MULTICAST (0x1000), netdevice(7). */
const UP = 0x1;
const LOOPBACK = 0x8;
const MULTICAST = 0x1000;

/** mDNS (RFC 6762) sends to 224.0.0.251, which needs a multicast interface that is up and has a route. */
export function checkMdns(system: SystemView, { signalling }: Settings): Finding {
  if (!signalling.mdns)
    return ok("network", "The setting signalling.mdns is off, so peers are not searched for.");
  const interfaces = system.list("/sys/class/net").filter((name) => {
    const flags = Number(system.readText(`/sys/class/net/${name}/flags`) ?? 0);
    return (flags & UP) !== 0 && (flags & MULTICAST) !== 0 && (flags & LOOPBACK) === 0;
  });
  const routed = routedInterfaces(system.readText("/proc/net/route") ?? "");
  const usable = interfaces.filter((name) => routed.has(name));
  if (usable.length > 0) return ok("network", `mDNS can find peers on ${usable.join(", ")}.`);
  const message = "No network supports multicast, so mDNS cannot find peers.";
  return warning(
    "network",
    message,
    "Connect to a network, or add the peers' addresses to the setting signalling.peers",
  );
}

/** Interfaces with an IPv4 route, from the first column of the table in proc_net(5). */
function routedInterfaces(table: string): Set<string> {
  const lines = table.split("\n").slice(1);
  return new Set(lines.map((line) => line.split(/\s/)[0] ?? ""));
}

/**
 * Asks the ICE servers of a file. The default ones belong to strangers, and a check must not call on them.
 * @param settingsPath a JSON file with settings as in `initialize`; without it, the defaults are checked
 */
export async function checkSettings(
  system: SystemView,
  settingsPath: string | undefined,
): Promise<Finding[]> {
  const finding = checkFile(system, settingsPath);
  if (finding.verdict === "failure" || settingsPath === undefined) return [finding];
  return [finding, ...(await askIceServers(system, settingsAt(system, settingsPath).iceServers))];
}

function checkFile(system: SystemView, settingsPath: string | undefined): Finding {
  const text = settingsPath === undefined ? "{}" : system.readText(settingsPath);
  if (text === null) {
    return failure(
      "settings",
      `The settings file ${settingsPath} cannot be read: ${system.whyUnreadable(settingsPath ?? "")}.`,
      "Pass the path of a readable file",
    );
  }
  const read = readSettings(text);
  if (typeof read === "string")
    return failure("settings", `The settings in ${settingsPath} are invalid: ${read}.`, "Correct the file");
  return checkIceServers(read);
}

/** @returns the settings of the file, or the defaults if there is no path or the file is invalid */
export function settingsAt(system: SystemView, settingsPath: string | undefined): Settings {
  const read = readSettings(settingsPath === undefined ? "{}" : (system.readText(settingsPath) ?? "{}"));
  return typeof read === "string" ? settingsSchema.parse({}) : read;
}

/** @returns the settings, or why they are invalid */
function readSettings(text: string): Settings | string {
  try {
    const value: unknown = JSON.parse(text);
    const parsed = settingsSchema.safeParse(value);
    return parsed.success ? parsed.data : summaryOf(parsed.error, value, settingsSchema);
  } catch (error) {
    return errorText(error);
  }
}
