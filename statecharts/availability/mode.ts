// Who makes the calls, the plugin or the host's page, and why a call is refused before any chart hears of it.
// Pure rules.

import type { Availability, Contact, FieldIssue, PluginErrorName, Settings } from "../../rpc-schema/index.ts";

export type CallMode = "native" | "browser";

export interface HostAbilities {
  /** What the host says of its page; undefined: it says nothing. */
  readonly webviewCanCall: boolean | undefined;
  /** As Node names it: linux, darwin, win32. */
  readonly platform: string;
}

/** Webviews can call everywhere but on Linux, where WebKitGTK comes without WebRTC; a host knows better. */
export function canPageCall({ webviewCanCall, platform }: HostAbilities): boolean {
  return webviewCanCall ?? platform !== "linux";
}

/** Forced, or as the page can: with `auto` the plugin stays out of the way where it is not needed. */
export function decideMode(wanted: Settings["mode"], host: HostAbilities): CallMode {
  if (wanted !== "auto") return wanted;
  return canPageCall(host) ? "browser" : "native";
}

/** What is wrong with a forced mode; null when it can work. A missing engine is told by the availability instead. */
export function modeIssue(wanted: Settings["mode"], host: HostAbilities): FieldIssue | null {
  if (wanted !== "browser" || canPageCall(host)) return null;
  return {
    field: "mode",
    value: JSON.stringify(wanted),
    expected: "auto or native, since the host's page cannot make calls itself",
  };
}

export interface CallRefusal {
  readonly kind: Extract<
    PluginErrorName,
    "callsInPage" | "callsDisabled" | "callsUnavailable" | "peerCallsDisabled"
  >;
  readonly message: string;
}

/** Why no call can begin or be taken here; null when it can. */
export function refusalHere(mode: CallMode, { videoDisabled, cause, why }: Availability): CallRefusal | null {
  if (mode === "browser") {
    return { kind: "callsInPage", message: "the host's page makes the calls here, not the plugin" };
  }
  if (!videoDisabled) return null;
  return {
    kind: cause === "user" ? "callsDisabled" : "callsUnavailable",
    message: why ?? "calls are not possible here",
  };
}

/** Why this peer cannot be called; null when it can, or nothing is known of it. */
export function refusalThere(contact: Contact | undefined): CallRefusal | null {
  if (!contact?.videoDisabled) return null;
  return { kind: "peerCallsDisabled", message: `${contact.label || contact.peerId} has calls switched off` };
}
