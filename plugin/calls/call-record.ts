// The record from which a new process resumes a call after a crash: the identity of the call and the user's choices. It
// holds no chart state, session description or secret, so that another version of the charts can resume from it.

import { z } from "zod";
import {
  callIdSchema,
  type DeviceKind,
  directionSchema,
  MAX_SNAPSHOT_CHARS,
  mediaKindSchema,
  mediaLevelSchema,
  peerIdSchema,
  withCurrentNames,
} from "../../rpc-schema/index.ts";
import {
  ASSUMED_KIND,
  type DeviceContext,
  isBuiltIn,
  type ManagedCall,
  mostCertainKind,
  PEER_KINDS,
  type PeerKind,
  type ResumeCall,
  type Resumed,
  type ResumedMedia,
} from "../../statecharts/index.ts";
import { dateByPresentClock } from "../common/clock.ts";

/** Raised when the meaning of a record changes. A call with an older record can only be ended. */
const FORMAT = 1;
/** Of the peer, the newest first. Signalling may also find the peer in another way. */
const MAX_ADDRESSES = 8;
/** The choice of whichever device the system prefers. */
const AUTO = "auto";
const NOT_CONNECTED = "the plugin ended unexpectedly before the call was connected";
const OTHER_FORMAT = "the plugin ended unexpectedly, and its successor cannot read the record of the call";

/** Enough to report the end of the call to both sides; the same in every format. */
const headSchema = z.object({
  format: z.number().int(),
  callId: callIdSchema,
  peerId: peerIdSchema,
  selfId: peerIdSchema,
  addresses: z.array(z.string().max(512)).max(MAX_ADDRESSES),
  direction: directionSchema,
  media: mediaKindSchema,
  createdAt: z.number().int(),
  connectedAt: z.number().int().nullable(),
  /** `machineMs` of the same moment. A record of an older plugin lacks it. */
  connectedAtMachineMs: z.number().optional(),
});

const deviceSchema = z.object({ choice: z.string().nullable(), first: z.string().nullable() });
type ChosenDevice = z.infer<typeof deviceSchema>;

const detailSchema = z.object({
  format: z.literal(FORMAT),
  peerKind: z.enum(PEER_KINDS),
  remote: z.preprocess(
    withCurrentNames,
    z.object({
      microphone: z.boolean().nullable(),
      camera: z.boolean().nullable(),
      mediaLevel: mediaLevelSchema.nullable(),
      mediaLevelReason: z.string().nullable(),
    }),
  ),
  before: z.object({
    isMicrophoneOn: z.boolean(),
    isCameraOn: z.boolean(),
    devices: z.object({ camera: deviceSchema, microphone: deviceSchema, speaker: deviceSchema }),
    isSharing: z.literal(true).optional(),
  }),
});

/** The dates of a call, in Unix milliseconds. */
export interface CallTimes {
  readonly createdAt: number;
  /** Null before the first connection. */
  readonly connectedAt: number | null;
  /** `machineMs` of the same moment, from which the next process finds the duration although the clock was set. */
  readonly connectedAtMachineMs?: number;
}

/** The parts of a record that no chart holds. */
export interface RecordInput extends CallTimes {
  readonly selfId: string;
  /** Multiaddrs of the peer; empty where the host carries the signals. */
  readonly addresses: readonly string[];
}

export interface RecordedCall {
  readonly call: ResumeCall;
  /** Multiaddrs of the peer. */
  readonly addresses: readonly string[];
}

/** The text for the host to keep; null if it were too long, which no call of ours is. */
export function recordOf(call: ManagedCall, facts: RecordInput): string | null {
  const { callId, peerId, direction, ref } = call;
  const { media, remote } = ref.getSnapshot().context;
  const addresses = facts.addresses.slice(0, MAX_ADDRESSES).map((address) => withPeer(address, peerId));
  const head = { format: FORMAT, callId, peerId, direction, media, ...facts, addresses };
  const text = JSON.stringify({ ...head, peerKind: kindOf(call), remote, before: mediaOf(call) });
  return text.length <= MAX_SNAPSHOT_CHARS ? text : null;
}

/**
 * Reads a record, also one whose call can only be ended.
 * @throws Error that names what is wrong with an invalid text
 */
export function readRecord(text: string): RecordedCall {
  if (text.length > MAX_SNAPSHOT_CHARS) {
    throw new Error(`${text.length} characters, expected ${MAX_SNAPSHOT_CHARS} at most`);
  }
  const value: unknown = JSON.parse(text);
  const head = headSchema.parse(value);
  const { callId, peerId, direction, media, addresses } = head;
  const detail = detailSchema.safeParse(value);
  const { createdAt, selfId } = head;
  const connectedAt = connectedAtOf(head);
  const whyNotResumable = detail.success ? (connectedAt === null ? NOT_CONNECTED : null) : OTHER_FORMAT;
  const resumed: Resumed = {
    ...{ selfId, createdAt, connectedAt, whyNotResumable },
    remote: detail.data?.remote ?? {
      microphone: null,
      camera: null,
      mediaLevel: null,
      mediaLevelReason: null,
    },
    media: detail.data?.before ?? mediaBefore(media === "video"),
  };
  const peerKind = detail.data?.peerKind ?? ASSUMED_KIND;
  return { call: { callId, peerId, direction, media, peerKind, resumed }, addresses };
}

function connectedAtOf({ connectedAt, connectedAtMachineMs }: z.infer<typeof headSchema>): number | null {
  if (connectedAt === null || connectedAtMachineMs === undefined) return connectedAt;
  return dateByPresentClock(connectedAt, connectedAtMachineMs);
}

function kindOf({ ref }: ManagedCall): PeerKind {
  const { context, children } = ref.getSnapshot();
  return mostCertainKind(context.peerKind, children.link?.getSnapshot().context.peerKind);
}

/** Without a media chart, its initial state. */
function mediaOf({ ref }: ManagedCall): ResumedMedia {
  const { children, context } = ref.getSnapshot();
  const media = children.media?.getSnapshot();
  if (!media) return context.resumed?.media ?? mediaBefore(context.media === "video");
  const choiceOf = (kind: DeviceKind) => workingChoice(media.context[kind]);
  return {
    isMicrophoneOn: media.context.isMicrophoneOn,
    isCameraOn: !media.matches({ camera: "off" }),
    devices: {
      camera: choiceOf("camera"),
      microphone: choiceOf("microphone"),
      speaker: choiceOf("speaker"),
    },
    ...(media.matches({ screen: "sharing" }) ? { isSharing: true } : {}),
  };
}

/**
 * The user's choice. While another device is still open, because the chosen one is not open yet or was refused, the open one:
 * a choice that did not work must not cost a new process the picture. A device that replaces a lost one is no choice.
 */
function workingChoice({ choice, first, open, substitute }: DeviceContext): ChosenDevice {
  if (choice === null || open === null || substitute !== null) return { choice, first };
  const isOpen = choice === AUTO ? !isBuiltIn(open.deviceId) : choice === open.deviceId;
  return isOpen ? { choice, first } : { choice: open.deviceId, first: null };
}

function mediaBefore(isCameraOn: boolean): ResumedMedia {
  const none = { choice: null, first: null };
  return { isMicrophoneOn: true, isCameraOn, devices: { camera: none, microphone: none, speaker: none } };
}

/** Signalling requires addresses that end in the peer's id. */
function withPeer(address: string, peerId: string): string {
  return address.endsWith(`/p2p/${peerId}`) ? address : `${address}/p2p/${peerId}`;
}
