// Decides what a message means: a signal of a call, or nothing to us. Smooths the peculiarities of older peers, so
// that the desk sees one form only.

import { type Candidate, callIdSchema, type Signal, signalSchema } from "../../rpc-schema/index.ts";

const CALL_PREFIX = "call:";
/** A host's own loop to its page; never meant for a peer. */
const LOOPBACK_PREFIX = "call:loopback:";

/** Why a message is nothing to us; none of these is an error, since newer peers may say more. */
export type IgnoredWhy = "otherTopic" | "loopback" | "badCallId" | "unknownSignal" | "endOfCandidates";
export type Understood =
  | { readonly callId: string; readonly signal: Signal }
  | { readonly ignored: IgnoredWhy };

/** The topic on which both sides of a call send. */
export function topicOf(callId: string): string {
  return `${CALL_PREFIX}${callId}`;
}

/** Never throws, whatever the payload is: it comes from a stranger. */
export function understand(topic: string, payload: unknown): Understood {
  if (!topic.startsWith(CALL_PREFIX)) return { ignored: "otherTopic" };
  if (topic.startsWith(LOOPBACK_PREFIX)) return { ignored: "loopback" };
  const callId = callIdSchema.safeParse(topic.slice(CALL_PREFIX.length));
  if (!callId.success) return { ignored: "badCallId" };
  const parsed = signalSchema.safeParse(payload);
  if (!parsed.success) return { ignored: "unknownSignal" };
  const signal = smooth(parsed.data);
  return signal ? { callId: callId.data, signal } : { ignored: "endOfCandidates" };
}

function smooth(signal: Signal): Signal | undefined {
  if (signal.type === "call-request") return { ...signal, mediaType: requestedMedia(signal) };
  if (signal.type !== "ice-candidate") return signal;
  // RFC 8838 section 8.2's end-of-candidates, as browsers write it. Nothing waits for it here.
  if (signal.candidate.candidate === "") return undefined;
  return { ...signal, candidate: placed(signal.candidate) };
}

function requestedMedia(request: Extract<Signal, { type: "call-request" }>): "audio" | "video" {
  return request.mediaType ?? (request.constraints?.video === false ? "audio" : "video");
}

/** A Go peer writes a missing sdpMid as ""; as a mid that would name no m-line. */
function placed(candidate: Candidate): Candidate {
  return candidate.sdpMid === "" ? { ...candidate, sdpMid: null } : candidate;
}
