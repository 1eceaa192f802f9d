// The drop-in for pages that were written for Goop²: loaded as a module, it puts `Goop.call`, `Goop.callState`, `Goop.callUI`
// and `Goop.api.call` in place and connects to the host that served it. Decides nothing about calls.

import { LINK_PATH } from "../../http/page-messages.ts";
import { Link } from "../link/page-link.ts";
import { type CallApi, createCallApi } from "./goop-api.ts";
import { type CallUi, createCallUi } from "./goop-call-ui.ts";
import { GoopCalls } from "./goop-calls.ts";
import { CallState } from "./goop-state.ts";

/** Per tab and origin; pages of one host that link to each other without the token find it here. */
const TOKEN_KEY = "goop_call_token";

/** What is put in place; other members that a page's scripts have set stay. */
export interface GoopGlobal {
  call: Pick<GoopCalls, "start" | "onIncoming" | "onRestore" | "activeCalls">;
  callState: CallState;
  callUI: CallUi;
  api: { call: CallApi };
}

declare global {
  var Goop: GoopGlobal;
}

/** @param token the session's. @returns what now stands in `Goop` */
export function installGoop(link: Link, token: string): GoopGlobal {
  const calls = new GoopCalls(link);
  const callState = new CallState();
  calls.onChange = (all, ended) => callState.update(all, ended);
  const { start, onIncoming, onRestore, activeCalls } = calls;
  const present: Partial<GoopGlobal> = globalThis.Goop ?? {};
  globalThis.Goop = Object.assign(present, {
    call: { start, onIncoming, onRestore, activeCalls },
    callState,
    callUI: createCallUi(calls),
    api: { ...present.api, call: createCallApi(token) },
  });
  return globalThis.Goop;
}

/** In the fragment, which browsers neither send to servers nor put into a Referer. */
function readToken(): string {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given !== null) sessionStorage.setItem(TOKEN_KEY, given);
  return given ?? sessionStorage.getItem(TOKEN_KEY) ?? "";
}

const token = readToken();
const link = new Link(`ws://${location.host}${LINK_PATH}`, token);
installGoop(link, token);
link.connect();
