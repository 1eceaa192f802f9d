// Decides which sound the calls of one user make: a ring, or one of the tones that telephones play. A pure rule over what the host
// is informed of.

import type { CallInfo, PluginNotificationParams } from "../../rpc-schema/index.ts";

/** The sounds that last as long as the calls stay as they are. */
export type LastingSound =
  /** A peer calls. */
  | "ring"
  /** A peer calls during another call. */
  | "waiting"
  /** Our call rings at the peer. */
  | "ringBack";
/** The sounds that play once. */
export type ClosingSound =
  /** The peer is in another call. */
  | "busy"
  /** The call is over, and our user did not end it. */
  | "ended";
export type RingSound = LastingSound | ClosingSound;

export type RingingCall = Pick<CallInfo, "direction" | "phase">;
type CallEnding = Pick<PluginNotificationParams<"call.ended">, "reason" | "endedBy">;

/** @returns what the calls in progress sound like; null for silence */
export function lastingSound(calls: readonly RingingCall[]): LastingSound | null {
  const isRinging = ({ direction, phase }: RingingCall) => direction === "incoming" && phase === "ringing";
  if (calls.some(isRinging)) return calls.some(isUnderWay) ? "waiting" : "ring";
  return calls.some(({ phase }) => phase === "ringing") ? "ringBack" : null;
}

/** @returns the sound of a call's end; null where our user ended the call, or never answered it */
export function closingSound(
  { direction, phase }: RingingCall,
  { reason, endedBy }: CallEnding,
): ClosingSound | null {
  if (reason === "superseded" || reason === "shutdown") return null;
  if (endedBy === "local" && (reason === "hungUp" || reason === "cancelled" || reason === "hostGone"))
    return null;
  const isUnanswered = phase === "ringing" || phase === "requesting";
  if (isUnanswered && direction === "incoming") return null;
  return isUnanswered && reason === "busy" ? "busy" : "ended";
}

function isUnderWay({ phase }: RingingCall): boolean {
  return phase === "connecting" || phase === "connected" || phase === "reconnecting";
}
