// The rule that decides whether our user may start a call. The call manager's guard and the handler of `call.start`
// both apply it.

import type { Contact, FieldIssue, PluginErrorName } from "../../rpc-schema/index.ts";
import { refusalThere } from "../availability/mode.ts";

/** The part of the call manager's context that the rule reads. */
export interface StartContext {
  /** Our own peer id; null until signalling is ready. */
  readonly selfId: string | null;
  readonly calls: Readonly<Record<string, { readonly ref: CallRef }>>;
}

interface CallRef {
  getSnapshot(): { hasTag(tag: "ended"): boolean };
}

export interface StartRefusal {
  readonly kind: Extract<
    PluginErrorName,
    "signallingUnavailable" | "invalidPeer" | "peerCallsDisabled" | "alreadyInCall"
  >;
  readonly message: string;
  readonly issues?: FieldIssue[];
}

/** A call that is only sending its hang-up does not count. */
export function isInCall({ calls }: Pick<StartContext, "calls">): boolean {
  return Object.values(calls).some(({ ref }) => !ref.getSnapshot().hasTag("ended"));
}

/**
 * @param contact what is known of the peer; undefined where nothing is known
 * @returns null when the call may start
 */
export function startRefusal(context: StartContext, peerId: string, contact?: Contact): StartRefusal | null {
  if (context.selfId === null) {
    return { kind: "signallingUnavailable", message: "signalling is not ready yet" };
  }
  if (peerId === context.selfId) {
    const issue = { field: "peerId", value: JSON.stringify(peerId), expected: "the id of another peer" };
    return { kind: "invalidPeer", message: "a peer cannot call itself", issues: [issue] };
  }
  const refusedThere = refusalThere(contact);
  if (refusedThere) return { kind: "peerCallsDisabled", message: refusedThere.message };
  if (isInCall(context)) {
    return { kind: "alreadyInCall", message: "only one call at a time; end the present call first" };
  }
  return null;
}
