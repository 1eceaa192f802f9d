// Decides whether the plugin or the host's page makes the calls, and why a call is refused before it reaches a chart.
// Pure rules.

import type { Availability, Contact, FieldIssue, PluginErrorName, Settings } from "../../rpc-schema/index.ts";

export type CallMode = "native" | "browser";

export interface HostAbilities {
  /** The host's own statement about its page; undefined if it makes none. */
  readonly webviewCanCall: boolean | undefined;
  /** Node's name of the platform: linux, darwin, win32. */
  readonly platform: string;
}

/** Webviews support WebRTC everywhere but on Linux, where WebKitGTK lacks it. The host's statement takes precedence. */
function canPageCall({ webviewCanCall, platform }: HostAbilities): boolean {
  return webviewCanCall ?? platform !== "linux";
}

/** With `auto` the page makes the calls if it can. */
export function decideMode(wanted: Settings["mode"], host: HostAbilities): CallMode {
  if (wanted !== "auto") return wanted;
  return canPageCall(host) ? "browser" : "native";
}

/** @returns the problem with a forced mode; null if it can work. The availability reports a missing engine. */
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

/** @returns why this side can neither make nor take calls; null if it can */
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

/** @returns why this peer cannot be called; null if it can, or if nothing is known about it */
export function refusalThere(contact: Contact | undefined): CallRefusal | null {
  if (!contact?.videoDisabled) return null;
  return { kind: "peerCallsDisabled", message: `${contact.label || contact.peerId} has calls switched off` };
}
