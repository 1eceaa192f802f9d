// What of a call is kept for the process that comes after a crash: which call it is, and what the user had chosen. No
// state of a chart, no description and no secret is in it, so that another version of the charts can go on from it.

import { z } from "zod";
import {
  callIdSchema,
  directionSchema,
  MAX_SNAPSHOT_CHARS,
  mediaKindSchema,
  mediaLevelSchema,
  peerIdSchema,
  withCurrentNames,
} from "../../rpc-schema/index.ts";
import type { ManagedCall, PeerKind, ResumeCall, Resumed, ResumedMedia } from "../../statecharts/index.ts";

/** Raised whenever a record means something else than before; only the end of an older one is told. */
const FORMAT = 1;
/** The peer's newest; it is found by one of them, or by another way that signalling knows. */
const MAX_ADDRESSES = 8;
const NOT_CONNECTED = "the plugin ended by itself before the call was connected";
const OTHER_FORMAT = "the plugin ended by itself, and the one after it cannot read what was kept of the call";

/** Enough to tell both sides of the call's end; the same in every format. */
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
});

const deviceSchema = z.object({ choice: z.string().nullable(), first: z.string().nullable() });

const detailSchema = z.object({
  format: z.literal(FORMAT),
  peerKind: z.enum(["plugin", "native", "browser", "script"]),
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
  }),
});

/** What no chart knows. */
export interface RecordInput {
  readonly selfId: string;
  /** Multiaddrs of the peer; empty where the host carries the signals. */
  readonly addresses: readonly string[];
  /** Unix milliseconds. */
  readonly createdAt: number;
  /** Null until a path first stood. */
  readonly connectedAt: number | null;
}

export interface RecordedCall {
  readonly call: ResumeCall;
  /** Where the peer was. */
  readonly addresses: readonly string[];
}

/** The text for the host to keep; null where it would be too long, which no call of ours is. */
export function recordOf(call: ManagedCall, facts: RecordInput): string | null {
  const { callId, peerId, direction, ref } = call;
  const { media, remote } = ref.getSnapshot().context;
  const addresses = facts.addresses.slice(0, MAX_ADDRESSES).map((address) => withPeer(address, peerId));
  const head = { format: FORMAT, callId, peerId, direction, media, ...facts, addresses };
  const text = JSON.stringify({ ...head, peerKind: kindOf(call), remote, before: mediaOf(call) });
  return text.length <= MAX_SNAPSHOT_CHARS ? text : null;
}

/**
 * The call of a record, also where it can only be ended.
 * @throws Error that names what is wrong with a text that is none of ours
 */
export function readRecord(text: string): RecordedCall {
  if (text.length > MAX_SNAPSHOT_CHARS) {
    throw new Error(`${text.length} characters, expected ${MAX_SNAPSHOT_CHARS} at most`);
  }
  const value: unknown = JSON.parse(text);
  const { callId, peerId, direction, media, addresses, ...kept } = headSchema.parse(value);
  const detail = detailSchema.safeParse(value);
  const { createdAt, connectedAt, selfId } = kept;
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
  const peerKind = detail.data?.peerKind ?? "native";
  return { call: { callId, peerId, direction, media, peerKind, resumed }, addresses };
}

/** The link learns of pages, since a plugin that crashed speaks as they do; what a plugin is, the call knows for good. */
function kindOf({ ref }: ManagedCall): PeerKind {
  const { context, children } = ref.getSnapshot();
  if (context.peerKind === "plugin") return "plugin";
  return children.link?.getSnapshot().context.peerKind ?? context.peerKind;
}

/** Before the devices have a chart they stand as that chart will begin. */
function mediaOf({ ref }: ManagedCall): ResumedMedia {
  const { children, context } = ref.getSnapshot();
  const media = children.media?.getSnapshot();
  if (!media) return context.resumed?.media ?? mediaBefore(context.media === "video");
  const choiceOf = (kind: "camera" | "microphone" | "speaker") => {
    const { choice, first } = media.context[kind];
    return { choice, first };
  };
  return {
    isMicrophoneOn: media.context.isMicrophoneOn,
    isCameraOn: !media.matches({ camera: "off" }),
    devices: {
      camera: choiceOf("camera"),
      microphone: choiceOf("microphone"),
      speaker: choiceOf("speaker"),
    },
  };
}

function mediaBefore(isCameraOn: boolean): ResumedMedia {
  const none = { choice: null, first: null };
  return { isMicrophoneOn: true, isCameraOn, devices: { camera: none, microphone: none, speaker: none } };
}

/** Signalling takes addresses that say whose they are. */
function withPeer(address: string, peerId: string): string {
  return address.endsWith(`/p2p/${peerId}`) ? address : `${address}/p2p/${peerId}`;
}
