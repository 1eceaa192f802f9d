// Checks the STUN and TURN servers of the settings: what they are for, and whether they answer.

import { isIP } from "node:net";
import type { IceServer, Settings } from "../../rpc-schema/index.ts";
import { dateMs, isoDate } from "../common/clock.ts";
import { type Finding, ok, warning } from "./finding.ts";
import type { ServerResult } from "./ice-server-test.ts";
import type { SystemView } from "./system-view.ts";

const CHECK = "ICE servers";

/** STUN finds our address behind a router (RFC 8489). Where that is not enough, TURN relays (RFC 8656). Sends no packet. */
export function checkIceServers({ iceServers }: Pick<Settings, "iceServers">): Finding {
  const urls = iceServers.flatMap((server) => server.urls);
  const message = `The setting iceServers has ${urls.length === 0 ? "no server" : urls.join(", ")}`;
  if (urls.some((url) => /^turns?:/.test(url))) return ok(CHECK, `${message}.`);
  if (urls.length > 0) {
    const rest = "which suits most home routers, while other routers need a TURN server";
    return ok(CHECK, `${message}, ${rest}.`);
  }
  const action = "Add one such as stun:stun.l.google.com:19302, and a TURN server for strict routers";
  return warning(CHECK, `${message}, so calls work only within one network.`, action);
}

/** Asks each server. @returns a finding for each URL */
export async function askIceServers(
  system: SystemView,
  iceServers: readonly IceServer[],
): Promise<Finding[]> {
  const asked = iceServers.flatMap(({ urls, username, credential }) =>
    urls.map(async (url) => {
      const result = await system.testIceServer({ url, username, credential });
      return findingOf(url, result, expiredAt(username));
    }),
  );
  return await Promise.all(asked);
}

function findingOf(url: string, { outcome, detail }: ServerResult, expired: string | null): Finding {
  const isTurn = /^turns?:/.test(url);
  const host = url.slice(url.indexOf(":") + 1).split("?")[0] ?? "";
  switch (outcome) {
    case "works":
      return ok(CHECK, isTurn ? `${url} relays.` : `${url} answers.`);
    case "refused":
      return warning(
        CHECK,
        `${url} refuses: ${detail.replace(/\.$/, "")}.`,
        isTurn && /^40[013]\b/.test(detail)
          ? (expired ?? "Correct username and credential of this server in the setting iceServers")
          : "Ask who runs this server, or remove it from the setting iceServers",
      );
    case "unknown":
      return warning(
        CHECK,
        `${url} has a name without an address: ${detail.replace(/\.$/, "")}.`,
        "Correct the name in the setting iceServers, or check that this machine is online",
      );
    case "untrusted":
      return warning(
        CHECK,
        `${url} has a certificate that this system does not accept: ${detail.replace(/\.$/, "")}.`,
        "Add its authority to those of this system (update-ca-certificates), or ask who runs this server to renew it",
      );
    case "silent":
      return warning(
        CHECK,
        `${url} does not answer${detail === "" ? "" : `: ${detail.replace(/\.$/, "")}`}.`,
        `Check that the server runs at ${host}${isIP(host) ? "" : " with this port"}, and that no firewall drops ${protocolOf(url)} to it`,
      );
  }
}

/** Servers with temporary users name the second of the end first, and answer 401 after it (draft-uberti-behave-turn-rest-00). */
function expiredAt(username: string | undefined): string | null {
  const seconds = /^(\d{9,11})(?::|$)/.exec(username ?? "")?.[1];
  if (seconds === undefined || Number(seconds) * 1000 > dateMs()) return null;
  const end = isoDate(Number(seconds) * 1000);
  return `Get a new username and credential for the setting iceServers: this one seems to have ended on ${end}`;
}

/** RFC 7065 section 3: UDP for stun: and turn:, unless the URL names a transport; TLS over TCP for turns:. */
function protocolOf(url: string): string {
  if (/^(turns|stuns):/.test(url)) return "TLS";
  return /[?]transport=tcp/i.test(url) ? "TCP" : "UDP";
}
