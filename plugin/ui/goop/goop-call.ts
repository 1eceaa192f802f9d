// The drop-in for pages that were written for Goop². Loaded as a module, it defines `Goop.call`, `Goop.callState`,
// `Goop.callUI` and `Goop.api.call`, and connects to the host that served the page.

import { LINK_PATH } from "../../http/page-messages.ts";
import { Link } from "../link/page-link.ts";
import { type CallApi, createCallApi } from "./goop-api.ts";
import { type CallUi, createCallUi } from "./goop-call-ui.ts";
import { GoopCalls } from "./goop-calls.ts";
import { CallState } from "./goop-state.ts";

/** Key in sessionStorage, which is per tab and origin. Pages of one host can so link to each other without the token. */
const TOKEN_KEY = "goop_call_token";

/** The members that this module defines. Other members of `Goop` stay. */
interface GoopGlobal {
  call: Pick<GoopCalls, "start" | "onIncoming" | "onRestore" | "activeCalls">;
  callState: CallState;
  callUI: CallUi;
  api: { call: CallApi };
}

declare global {
  var Goop: GoopGlobal;
}

/** @param token the session token. @returns the global `Goop` */
function installGoop(link: Link, token: string): GoopGlobal {
  const calls = new GoopCalls(link);
  const callState = new CallState();
  calls.onChange = (all, ended) => callState.update(all, ended);
  const { start, onIncoming, onRestore, activeCalls } = calls;
  const existing: Partial<GoopGlobal> = globalThis.Goop ?? {};
  globalThis.Goop = Object.assign(existing, {
    call: { start, onIncoming, onRestore, activeCalls },
    callState,
    callUI: createCallUi(calls),
    api: { ...existing.api, call: createCallApi(token) },
  });
  return globalThis.Goop;
}

/** The token is in the fragment, which browsers neither send to servers nor put into a Referer header. */
function readToken(): string {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given !== null) sessionStorage.setItem(TOKEN_KEY, given);
  return given ?? sessionStorage.getItem(TOKEN_KEY) ?? "";
}

const token = readToken();
const link = new Link(`ws://${location.host}${LINK_PATH}`, token);
installGoop(link, token);
link.connect();
