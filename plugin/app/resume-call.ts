// Resumes the call in which the last plugin process died. The charts decide whether it continues or ends. An invalid record
// must not prevent the plugin from starting.

import { SCREEN_LOST_IN_CRASH } from "../../statecharts/index.ts";
import type { CallManager } from "../calls/call-manager.ts";
import { type RecordedCall, readRecord } from "../calls/call-record.ts";
import { errorText } from "../common/error-text.ts";
import type { Log } from "../log.ts";

export interface CallToResume {
  /** Last known addresses of the call's peer, which does not know the address of this process. */
  readonly addresses: readonly string[];
  /** Must be called after signalling has begun to start, and before the call manager gets any other event. */
  begin(): void;
}

const NOTHING: CallToResume = { addresses: [], begin: () => undefined };

/** @param record from the host; undefined when there is no call to resume */
export function callToResume(record: string | undefined, manager: CallManager, log: Log): CallToResume {
  if (record === undefined) return NOTHING;
  let recorded: RecordedCall;
  try {
    recorded = readRecord(record);
  } catch (error) {
    log("warn", `the record of a call was ignored: ${errorText(error)}`);
    return NOTHING;
  }
  const { call, addresses } = recorded;
  const { whyNotResumable } = call.resumed;
  log(
    "info",
    `call ${call.callId} ${whyNotResumable === null ? "is resumed" : `is over: ${whyNotResumable}`}`,
  );
  const { isSharing } = call.resumed.media;
  if (isSharing && whyNotResumable === null)
    log("warn", `the screen is not shared: ${SCREEN_LOST_IN_CRASH.why}`);
  return { addresses, begin: () => manager.send({ type: "host.resume", ...call }) };
}
