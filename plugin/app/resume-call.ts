// Takes up the call in which the plugin before this one died. What becomes of it is the charts' to decide; a snapshot that
// is of no use must not keep the plugin from starting.

import type { CallManager } from "../calls/call-manager.ts";
import { type RecordedCall, readRecord } from "../calls/call-record.ts";
import type { Log } from "../log.ts";

export interface CallToResume {
  /** Where the call's peer was, which does not know where this process listens. */
  readonly addresses: readonly string[];
  /** Once signalling is being started, and before anything else reaches the desk. */
  begin(): void;
}

const NOTHING: CallToResume = { addresses: [], begin: () => undefined };

/** @param snapshot as the host gave it; undefined: there is nothing to take up */
export function callToResume(snapshot: string | undefined, desk: CallManager, log: Log): CallToResume {
  if (snapshot === undefined) return NOTHING;
  let kept: RecordedCall;
  try {
    kept = readRecord(snapshot);
  } catch (error) {
    log("warn", `the snapshot of a call was ignored: ${error instanceof Error ? error.message : error}`);
    return NOTHING;
  }
  const { call, addresses } = kept;
  const { whyNotResumable } = call.resumed;
  log("info", `call ${call.callId} ${whyNotResumable === null ? "goes on" : `is over: ${whyNotResumable}`}`);
  return { addresses, begin: () => desk.send({ type: "host.resume", ...call }) };
}
