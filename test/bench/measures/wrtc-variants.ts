// Ways to set up a bare connection that might lower its delay. wrtc-delay.ts measures them, and plugin/peer/README.md gives the
// results.

import { withReceiverEstimate, withVideoCeiling } from "../../../plugin/peer/session-description.ts";

/** The plugin's default bitrate limit. */
export const CEILING_BPS = 1_500_000;

export interface Variant {
  readonly why: string;
  readonly withSound: boolean;
  /** Changes the remote description that one side applies. The descriptions sent stay as they are. */
  readonly change: (sdp: string, seenBy: "sender" | "receiver") => string;
  /** Limit set by sendEncodings; null for none, as on an answering peer. */
  readonly maxBitrateBps?: number | null;
  /** The order in which an answering peer adds its tracks. */
  readonly videoFirst?: true;
}

const asIs = (sdp: string): string => sdp;

/** Adds a format parameter to the video codecs in the sender's remote description, where libwebrtc reads it. */
function forSender(parameter: string): Variant["change"] {
  return (sdp, seenBy) =>
    seenBy === "sender" ? sdp.replace(/^(a=rtpmap:(\d+) VP8\/90000)$/m, `$1\r\na=fmtp:$2 ${parameter}`) : sdp;
}

/** Puts audio and video into separate streams on the receiver, so that it does not synchronize them. */
function unsynchronised(sdp: string, seenBy: "sender" | "receiver"): string {
  if (seenBy !== "receiver") return sdp;
  return sdp
    .split(/^(?=m=)/m)
    .map((section) => {
      const kind = /^m=(\w+)/.exec(section)?.[1] ?? "";
      return section.replace(/^(a=(?:ssrc:\d+ )?msid:)\S+/gm, `$1own-${kind}`);
    })
    .join("");
}

function withoutExtension(uri: string): (sdp: string) => string {
  return (sdp) => sdp.replace(new RegExp(`^a=extmap:\\d+ \\S*${uri}\\r?\\n`, "gm"), "");
}

export const VARIANTS: Readonly<Record<string, Variant>> = {
  default: {
    why: "sound and picture in one stream, ceiling by sendEncodings",
    withSound: true,
    change: asIs,
  },
  noSound: { why: "is the picture held back for the sound?", withSound: false, change: asIs },
  unsynchronised: {
    why: "separate streams for the receiver",
    withSound: true,
    change: unsynchronised,
  },
  bandwidthLine: {
    why: "the ceiling by b=AS, the only way where the product answers",
    withSound: true,
    change: (sdp, seenBy) => (seenBy === "sender" ? withVideoCeiling(sdp, CEILING_BPS) : sdp),
    maxBitrateBps: null,
  },
  startLow: {
    why: "a small first key frame",
    withSound: true,
    change: forSender("x-google-start-bitrate=100"),
  },
  startAtCeiling: { why: "no slow start", withSound: true, change: forSender("x-google-start-bitrate=1500") },
  minHigh: {
    why: "a faster pacer; not usable on a slow line",
    withSound: true,
    change: forSender("x-google-min-bitrate=6000;x-google-start-bitrate=6000"),
  },
  ceiling600k: { why: "smaller frames", withSound: true, change: asIs, maxBitrateBps: 600_000 },
  noPlayoutExtension: {
    why: "does the offered playout-delay extension matter?",
    withSound: true,
    change: withoutExtension("playout-delay"),
  },
  maxBitrateParameter: {
    why: "the ceiling by x-google-max-bitrate alone",
    withSound: true,
    change: forSender("x-google-max-bitrate=1500"),
    maxBitrateBps: null,
  },
  productOffering: {
    why: "REMB, as the product's offering side sends to its answering side",
    withSound: true,
    change: withReceiverEstimate,
  },
  soundFirst: {
    why: "the same, but b=AS limits the estimate",
    withSound: true,
    change: (sdp, seenBy) =>
      withReceiverEstimate(seenBy === "sender" ? withVideoCeiling(sdp, CEILING_BPS) : sdp),
    maxBitrateBps: null,
  },
  productAnswering: {
    why: "REMB, and the ceiling by b=AS, which does not limit the estimate: as the answering side sends",
    withSound: true,
    videoFirst: true,
    change: (sdp, seenBy) =>
      withReceiverEstimate(seenBy === "sender" ? withVideoCeiling(sdp, CEILING_BPS) : sdp),
    maxBitrateBps: null,
  },
};
