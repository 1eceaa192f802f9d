// Puts a deadline on a promise of the WebRTC engine, and stops waiting for it when the peer closes.

import { withDeadline } from "../../common/deadline.ts";
import { errorText } from "../../common/error-text.ts";
import { PeerError } from "../peer.ts";

/**
 * Settles as `work` does, or rejects after `deadlineMs` or when `closed` aborts. A late result is dropped.
 * @param doing the step for the error's text, such as "createOffer"
 * @throws PeerError with the original error as its cause
 */
export async function withEngineDeadline<T>(
  doing: string,
  work: Promise<T>,
  deadlineMs: number,
  closed: AbortSignal,
): Promise<T> {
  // Nothing else handles a failure that comes after the peer was closed.
  work.catch(() => undefined);
  try {
    return await withDeadline(deadlineMs, closed, "the engine", () => work);
  } catch (cause) {
    const why = closed.aborted ? "the peer was closed" : errorText(cause);
    throw new PeerError(`${doing}: ${why}`, { cause });
  }
}
