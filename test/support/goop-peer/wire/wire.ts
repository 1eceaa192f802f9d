// Names, limits and message shapes of Goop², from the wire's description (sections in brackets). This folder must not import
// the plugin, because it is the second, independent implementation of that description.

/** [1.2, 2] */
export const MQ_PROTOCOL = "/goop/mq/1.0.0";
/** [1.2] Sends the label as one line. Also the probe of a peer's reachability. */
export const CONTENT_PROTOCOL = "/goop/content/1.0.0";
/** [4.1] */
export const PRESENCE_TOPIC = "goop.presence.v1";

export const CALL_TOPIC = "call:";
export const LOOPBACK_TOPIC = "call:loopback:";
export const IDENTITY_TOPIC = "identity";
export const IDENTITY_RESPONSE_TOPIC = "identity.response";
export const MQ_ACK_TOPIC = "mq.ack";

/** [2.3] Milliseconds. */
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
/** [3.6] Messages kept for each peer while no page listens. */
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

/** [4.2] Sent over gossip. Empty strings and false are left out. */
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

/** [3.2] The messages that are sent on `call:<channel>`. */
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

/** @returns undefined for an unknown type, which Goop² ignores [2.4] */
export function asCallMessage(payload: unknown): CallMessage | undefined {
  const types = ["call-request", "call-ack", "call-offer", "call-answer", "ice-candidate"];
  types.push("call-hangup", "call-reconnect", "call-reconnect-ack");
  if (!isRecord(payload) || !types.includes(String(payload.type))) return undefined;
  // As in deployed Goop², the fields are not validated. A wrong field makes the call fail.
  return payload as CallMessage;
}

/** [3.2] `mediaType`, else the constraints of the script interface, else video. */
export function requestedKind(request: CallMessage & { type: "call-request" }): MediaKind {
  if (request.mediaType !== undefined) return request.mediaType;
  return isRecord(request.constraints) && request.constraints.video === false ? "audio" : "video";
}
