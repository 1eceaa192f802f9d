// Decides whether a message is a signal of a call. Normalizes the variants that older peers send, so that the call manager
// sees one form.

import { type Candidate, callIdSchema, type Signal, signalSchema } from "../../rpc-schema/index.ts";
import type { LogUnknownFields } from "../common/unknown-field-log.ts";

const CALL_PREFIX = "call:";
/** A host uses this to send to its own page. No peer should send it. */
const LOOPBACK_PREFIX = "call:loopback:";

/** Why a message is ignored. None of these is an error, since newer peers may send more. */
export type IgnoreReason = "otherTopic" | "loopback" | "badCallId" | "unknownSignal" | "endOfCandidates";
type ParsedSignal = { readonly callId: string; readonly signal: Signal } | { readonly ignored: IgnoreReason };

/** The topic on which both sides of a call send. */
export function topicOf(callId: string): string {
  return `${CALL_PREFIX}${callId}`;
}

/** Ignores unknown fields, because newer peers may send more. Never throws: the payload comes from an untrusted peer. */
export function parseSignal(
  topic: string,
  payload: unknown,
  logUnknownFields?: LogUnknownFields,
): ParsedSignal {
  if (!topic.startsWith(CALL_PREFIX)) return { ignored: "otherTopic" };
  if (topic.startsWith(LOOPBACK_PREFIX)) return { ignored: "loopback" };
  const callId = callIdSchema.safeParse(topic.slice(CALL_PREFIX.length));
  if (!callId.success) return { ignored: "badCallId" };
  const parsed = signalSchema.safeParse(payload);
  if (!parsed.success) return { ignored: "unknownSignal" };
  logUnknownFields?.(parsed.data.type, payload, parsed.data);
  const signal = normalize(parsed.data);
  return signal ? { callId: callId.data, signal } : { ignored: "endOfCandidates" };
}

function normalize(signal: Signal): Signal | undefined {
  if (signal.type === "call-request") return { ...signal, mediaType: requestedMediaType(signal) };
  if (signal.type !== "ice-candidate") return signal;
  // Browsers write end-of-candidates (RFC 8838 section 8.2) like this. The plugin does not wait for it.
  if (signal.candidate.candidate === "") return undefined;
  return { ...signal, candidate: normalizeCandidate(signal.candidate) };
}

function requestedMediaType(request: Extract<Signal, { type: "call-request" }>): "audio" | "video" {
  return request.mediaType ?? (request.constraints?.video === false ? "audio" : "video");
}

/** A Go peer writes a missing sdpMid as "", which would match no m-line. */
function normalizeCandidate(candidate: Candidate): Candidate {
  return candidate.sdpMid === "" ? { ...candidate, sdpMid: null } : candidate;
}
