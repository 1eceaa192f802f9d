// The kinds of remote peers: how a kind is inferred from messages, and what each kind can do and needs. This is the only
// place that names a kind. All others ask for a trait.

import type { Signal } from "../../rpc-schema/index.ts";

/**
 * plugin: this plugin. native: Goop²'s own stack. browser: Goop²'s page. script: any other WebRTC program, such as a page
 * with Goop²'s script interface.
 */
export const PEER_KINDS = ["plugin", "native", "browser", "script"] as const;
export type PeerKind = (typeof PEER_KINDS)[number];

export interface PeerTraits {
  /** Sends and understands `call-media`. The others must see and hear for themselves what we send. */
  readonly understandsCallMedia: boolean;
  /** Candidates that arrive before their description may be lost. */
  readonly losesEarlyCandidates: boolean;
  /** Every offer and every answer has a video section that we may send on. Of the others only a description tells. */
  readonly alwaysTakesVideo: boolean;
  /** What it does with `call-reconnect`: replaces its connection always, only after a crash of ours, or never. */
  readonly replacesConnection: "always" | "afterCrash" | "never";
  /** It replaces a failed connection by itself, and a request of ours would cross its own. */
  readonly reconnectsByItself: boolean;
  /** It sends no offer by itself after the first one, but answers ours in any role. */
  readonly wantsIceRestart: boolean;
  /** It answers an offer on a connection that works, in both roles. */
  readonly takesOfferOfCallee: boolean;
  /** It ignores offers of a callee, but offers again after another accept. */
  readonly offersAfterAccept: boolean;
  /**
   * Milliseconds between placeholder pictures while we send no camera frames, because its sound depends on pictures. Null:
   * it needs none.
   */
  readonly placeholderMs: number | null;
}

/** A page plays no sound before the first picture, and shows the last picture for as long as none follows. */
const PAGE_PLACEHOLDER_MS = 1_000;
/**
 * Goop²'s own stack holds Opus packets until the next VP8 frame. The sound must not pause for more than 100 ms, and timers
 * are some milliseconds late.
 */
const NATIVE_PLACEHOLDER_MS = 80;

const GOOP = {
  understandsCallMedia: false,
  losesEarlyCandidates: true,
  alwaysTakesVideo: false,
  replacesConnection: "never",
  reconnectsByItself: false,
  wantsIceRestart: false,
  takesOfferOfCallee: true,
  offersAfterAccept: false,
  placeholderMs: PAGE_PLACEHOLDER_MS,
} as const satisfies PeerTraits;

const TRAITS: Readonly<Record<PeerKind, PeerTraits>> = {
  plugin: {
    ...GOOP,
    understandsCallMedia: true,
    losesEarlyCandidates: false,
    alwaysTakesVideo: true,
    replacesConnection: "afterCrash",
    placeholderMs: null,
  },
  native: {
    ...GOOP,
    takesOfferOfCallee: false,
    offersAfterAccept: true,
    placeholderMs: NATIVE_PLACEHOLDER_MS,
  },
  browser: { ...GOOP, replacesConnection: "always", reconnectsByItself: true },
  script: { ...GOOP, wantsIceRestart: true },
};

export function traitsOf(kind: PeerKind): PeerTraits {
  return TRAITS[kind];
}

/** The kind of a peer that has sent nothing yet. An accept without a mode comes from Goop²'s own stack. */
export const ASSUMED_KIND: PeerKind = "native";

/**
 * Infers the kind from a request. Pages and Goop²'s own stack name their mode, scripts send constraints. Plugins name the
 * mode native too, until they send a signal that only plugins send.
 */
export function requestingKind(signal: Signal): PeerKind {
  if (signal.type !== "call-request" || signal.mode === "native") return ASSUMED_KIND;
  return signal.mode === undefined && signal.constraints !== undefined ? "script" : "browser";
}

/** A later signal that reveals more, by the name of its event. The mode is that of an accept. */
export interface KindEvidence {
  readonly type: string;
  readonly mode?: "native" | "browser" | null;
}

/** Only plugins send ringing and media signals. A page names its mode in the accept. Other signals reveal nothing. */
export function kindAfter(known: PeerKind, { type, mode }: KindEvidence): PeerKind {
  switch (type) {
    case "signal.ringing":
    case "signal.media":
      return "plugin";
    case "signal.ack":
      return mode === "browser" ? "browser" : known;
    default:
      return known;
  }
}

/** A peer that requests a new connection is treated as a page, which a plugin after a crash resembles. */
export const RECONNECTING_KIND: PeerKind = "browser";

/**
 * @param ofCall what the call inferred, which recognises plugins for good
 * @param ofLink what the link inferred, which also recognises a page; undefined without a link
 */
export function mostCertainKind(ofCall: PeerKind, ofLink: PeerKind | undefined): PeerKind {
  return traitsOf(ofCall).understandsCallMedia ? ofCall : (ofLink ?? ofCall);
}
