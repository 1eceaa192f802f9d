// Whether peers can be found on the local network, and whether the settings help calls through routers. No packet is sent.

import { type Settings, settingsSchema } from "../../rpc-schema/index.ts";
import { errorText } from "../common/error-text.ts";
import { type Finding, failure, ok, warning } from "./finding.ts";
import type { SystemView } from "./system-view.ts";

/** Linux's IFF_UP (0x1), IFF_LOOPBACK (0x8) and IFF_MULTICAST (0x1000), netdevice(7). */
const UP = 0x1;
const LOOPBACK = 0x8;
const MULTICAST = 0x1000;

/** RFC 6762 sends to 224.0.0.251, which needs a network that is up and carries multicast. */
export function checkMdns(system: SystemView): Finding {
  const interfaces = system.list("/sys/class/net").filter((name) => {
    const flags = Number(system.readText(`/sys/class/net/${name}/flags`) ?? 0);
    return (flags & UP) !== 0 && (flags & MULTICAST) !== 0 && (flags & LOOPBACK) === 0;
  });
  const routed = routedInterfaces(system.readText("/proc/net/route") ?? "");
  const usable = interfaces.filter((name) => routed.has(name));
  if (usable.length > 0)
    return ok("network", `Peers on the local network are found by mDNS on ${usable.join(", ")}.`);
  const says = "No network carries multicast, so peers are not found by mDNS.";
  return warning(
    "network",
    says,
    "Connect to a network, or name the peers' addresses in the setting signalling.peers",
  );
}

/** Interfaces with any IPv4 route: proc_net(5), the first column. */
function routedInterfaces(table: string): Set<string> {
  const lines = table.split("\n").slice(1);
  return new Set(lines.map((line) => line.split(/\s/)[0] ?? ""));
}

/** @param settingsPath a JSON file with settings as given to `initialize`; the defaults where it is left out */
export function checkSettings(system: SystemView, settingsPath: string | undefined): Finding {
  const text = settingsPath === undefined ? "{}" : system.readText(settingsPath);
  if (text === null) {
    return failure("settings", `The settings ${settingsPath} cannot be read.`, "Name a file that is there");
  }
  const read = readSettings(text);
  if (typeof read === "string")
    return failure("settings", `The settings are refused: ${read}.`, "Put the field right");
  return checkIceServers(read);
}

/** @returns the settings that hold: the defaults without a path, and where the file is refused */
export function settingsAt(system: SystemView, settingsPath: string | undefined): Settings {
  const read = readSettings(settingsPath === undefined ? "{}" : (system.readText(settingsPath) ?? "{}"));
  return typeof read === "string" ? settingsSchema.parse({}) : read;
}

/** @returns the settings, or why they are refused */
function readSettings(text: string): Settings | string {
  try {
    const parsed = settingsSchema.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data;
    return parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
  } catch (error) {
    return errorText(error);
  }
}

/** STUN finds the own address behind a router; where that is not enough, TURN relays (RFC 8489, RFC 8656). */
function checkIceServers({ iceServers }: Settings): Finding {
  const urls = iceServers.flatMap((server) => server.urls);
  const says = `The setting iceServers has ${urls.length === 0 ? "no server" : urls.join(", ")}`;
  if (urls.some((url) => /^turns?:/.test(url))) return ok("ICE servers", `${says}.`);
  if (urls.length > 0) {
    const rest = "calls work on one network and through most home routers; for all others add a TURN server";
    return ok("ICE servers", `${says}: ${rest}.`);
  }
  const action = "Add one such as stun:stun.l.google.com:19302, and a TURN server for strict routers";
  return warning("ICE servers", `${says}, so calls stay on one network.`, action);
}
