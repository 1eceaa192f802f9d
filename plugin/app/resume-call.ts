// Takes up the call in which the plugin before this one died. What becomes of it is the charts' to decide; a snapshot that
// is of no use must not keep the plugin from starting.

import { type KeptCall, readRecord } from "../calls/call-record.ts";
import type { Desk } from "../calls/desk.ts";
import type { Log } from "../log.ts";

/**
 * Before signalling starts, so that the desk knows the call when its first signal comes.
 * @param snapshot as the host gave it; undefined: there is nothing to take up
 * @returns addresses of the call's peer, which does not know where this process listens
 */
export function resumeCall(snapshot: string | undefined, desk: Desk, log: Log): readonly string[] {
  if (snapshot === undefined) return [];
  let kept: KeptCall;
  try {
    kept = readRecord(snapshot);
  } catch (error) {
    log("warn", `the snapshot of a call was ignored: ${error instanceof Error ? error.message : error}`);
    return [];
  }
  const { callId, resumed } = kept.call;
  log("info", `call ${callId} ${resumed.whyOver === null ? "goes on" : `is over: ${resumed.whyOver}`}`);
  desk.send({ type: "host.resume", ...kept.call });
  return kept.addresses;
}
