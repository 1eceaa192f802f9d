// The names, limits and message shapes of Goop²'s peers, as its wire's description gives them (sections in brackets).
// Types and constants only. This folder must not import the plugin: it is the other reader of that description.

/** [1.2, 2] */
export const MQ_PROTOCOL = "/goop/mq/1.0.0";
/** [1.2] The label, one line; also the probe by which a peer is taken for reachable. */
export const CONTENT_PROTOCOL = "/goop/content/1.0.0";
/** [4.1] */
export const PRESENCE_TOPIC = "goop.presence.v1";

export const CALL_TOPIC = "call:";
export const LOOPBACK_TOPIC = "call:loopback:";
export const IDENTITY_TOPIC = "identity";
export const IDENTITY_RESPONSE_TOPIC = "identity.response";
export const MQ_ACK_TOPIC = "mq.ack";

/** [2.3] All in ms. */
export const MQ_TIMINGS = {
  openMs: 2_000,
  ackMs: 2_000,
  retryPauseMs: 300,
  readMs: 3_000,
  ackWriteMs: 3_000,
} as const;
/** [1.2] */
export const PROBE_MS = 2_000;
/** [4.3] */
export const PRESENCE_TIMINGS = { heartbeatMs: 5_000, ttlMs: 20_000, pruneMs: 1_000 } as const;
/** [3.6] For each peer, while no page listens. */
export const INBOX_MESSAGES = 200;

/** [2.2] */
export interface MqMessage {
  readonly type: "msg";
  readonly id: string;
  readonly seq: number;
  readonly topic: string;
  readonly payload: unknown;
}

/** [2.6] */
export interface IdentityResponse {
  readonly peerID: string;
  readonly content: string;
  readonly email?: string;
  readonly avatarHash?: string;
  readonly videoDisabled?: boolean;
  readonly publicKey?: string;
  readonly encryptionSupported?: boolean;
  readonly goopClientVersion?: string;
  readonly reachable: true;
}

/** [4.2] What goes over gossip; strings and booleans are left out when empty or false. */
export interface PresenceMessage {
  readonly type: "online" | "update" | "offline";
  readonly peerId: string;
  readonly content?: string;
  readonly videoDisabled?: boolean;
  readonly addrs?: readonly string[];
  readonly encryptionSupported?: boolean;
  readonly goopClientVersion?: string;
  readonly ts: number;
}

export type MediaKind = "audio" | "video";

/** [3.4] */
export interface WireCandidate {
  readonly candidate: string;
  readonly sdpMid?: string | null;
  readonly sdpMLineIndex?: number | null;
  readonly usernameFragment?: string | null;
}

/** [3.2] All that is really sent on `call:<channel>`. */
export type CallMessage =
  | { type: "call-request"; mode?: string; platform?: string; mediaType?: MediaKind; constraints?: object }
  | { type: "call-ack"; mode?: string; platform?: string }
  | { type: "call-offer" | "call-answer"; sdp: string }
  | { type: "ice-candidate"; candidate: WireCandidate }
  | { type: "call-hangup"; channel_id?: string }
  | { type: "call-reconnect"; channelId: string; mediaType: MediaKind }
  | { type: "call-reconnect-ack"; mode?: string; platform?: string };

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A payload as a call's side reads it: whatever has no known type is dropped without a word [2.4]. */
export function asCallMessage(payload: unknown): CallMessage | undefined {
  const types = ["call-request", "call-ack", "call-offer", "call-answer", "ice-candidate"];
  types.push("call-hangup", "call-reconnect", "call-reconnect-ack");
  if (!isRecord(payload) || !types.includes(String(payload.type))) return undefined;
  // The peer trusts what it reads, as the field's peers do; a wrong field shows in its failing.
  return payload as CallMessage;
}

/** [3.2] `mediaType` if there is one, else what the script interface's constraints ask for; missing means video. */
export function requestedKind(request: CallMessage & { type: "call-request" }): MediaKind {
  if (request.mediaType !== undefined) return request.mediaType;
  return isRecord(request.constraints) && request.constraints.video === false ? "audio" : "video";
}
