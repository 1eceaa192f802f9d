// Everything in which the field's peers differ from what one would expect, each for itself to switch.
// Numbers in brackets are the sections of the wire's description; a quirk says what the peer does, not how it is met.

import type { MediaKind } from "./wire/wire.ts";

export interface Quirks {
  /** [3.11.1, 2.1] Call messages overtake each other: those of 50 ms leave newest first. */
  readonly unordered: boolean;
  /** [3.11.2, 2.3] Every call message comes twice, under a new id and number. */
  readonly duplicates: boolean;
  /** [2.3] Every so-manyth call message is taken but not acknowledged, so that its sender repeats it; 0 is never. */
  readonly loseAckOfEvery: number;
  /**
   * [3.11.3, 2.5] `plain`: no key, ever. `sealed`: keys are exchanged as soon as two meet. `switching`: not before the
   * first description was sent or taken, so that a call begins in the clear and goes on sealed.
   */
  readonly sealing: "plain" | "sealed" | "switching";
  /**
   * [2.5] Identity messages are sealed like all others. Who tells such a peer its key before having the peer's own can
   * never again read what it sends, its answer to `identity` included.
   */
  readonly sealsIdentity: boolean;
  /** [3.11.4, 3.2] The native callee's habit. */
  readonly ackWithoutMode: boolean;
  /** [3.11.5, 3.2] The script interface's request: constraints, and neither mode nor platform nor mediaType. */
  readonly constraintsRequest: boolean;
  /** [3.11.6, 3.4] `sdpMid: ""`. */
  readonly emptySdpMid: boolean;
  /** [3.11.6, 3.4] `usernameFragment: null`, as Go sends. */
  readonly nullUsernameFragment: boolean;
  /** [3.4] A candidate with an empty text ends the list. */
  readonly endOfCandidates: boolean;
  /** [3.11.7, 3.3] At least one candidate leaves before the description that it belongs to. */
  readonly candidatesFirst: boolean;
  /** [3.11.8, 3.3] Candidates that come before their description are lost. */
  readonly losesEarlyCandidates: boolean;
  /** [3.11.9] Hangs up at the first `disconnected`. */
  readonly hangsUpAtDisconnected: boolean;
  /** [3.11.10, 3.5] The camera runs in audio calls too. */
  readonly videoInAudioCalls: boolean;
  /** [3.11.14, 3.6] After a call's end its request comes once more. */
  readonly ghostRequests: boolean;
  /** [3.11.16, 3.7] `call-reconnect` comes right after the request or the acknowledgement, in no fitting state. */
  readonly reconnectAtAnyTime: boolean;
  /** [3.11.17, 2.6] So many `mq.ack` for every message taken. */
  readonly mqAcksPerMessage: number;
  /** [3.11.18, 3.5] What could be captured; the m-line of the other kind is missing from offers. */
  readonly captures: "both" | MediaKind;
  /** [3.11.20] Hang-ups carry `channel_id`, the local events' spelling. */
  readonly snakeCaseHangup: boolean;
  /** [3.11.21, 2.6] With every hang-up one on `call:loopback:<channel>`, and messages of the local-only kinds. */
  readonly localTopicsLeak: boolean;
  /** [3.6] Hang-ups come so many times. */
  readonly hangups: number;
  /** [3.11.22, 4.4] Says in its presence that calls are off, and makes and takes them all the same. */
  readonly videoDisabled: boolean;
}

/** What no peer can help: a Go process does this on its best day. */
export const NO_QUIRKS: Quirks = {
  unordered: false,
  duplicates: false,
  loseAckOfEvery: 0,
  sealing: "plain",
  sealsIdentity: false,
  ackWithoutMode: false,
  constraintsRequest: false,
  emptySdpMid: false,
  nullUsernameFragment: false,
  endOfCandidates: false,
  candidatesFirst: false,
  losesEarlyCandidates: false,
  hangsUpAtDisconnected: false,
  videoInAudioCalls: false,
  ghostRequests: false,
  reconnectAtAnyTime: false,
  mqAcksPerMessage: 0,
  captures: "both",
  snakeCaseHangup: false,
  localTopicsLeak: false,
  hangups: 1,
  videoDisabled: false,
};

/** Go with Pion on Linux [3.2, 3.4, 3.5]. */
export const NATIVE_HABITS: Quirks = {
  ...NO_QUIRKS,
  ackWithoutMode: true,
  nullUsernameFragment: true,
  videoInAudioCalls: true,
};

/** The viewer's script in a webview that has WebRTC [3.2, 3.6, 2.6]. */
export const BROWSER_HABITS: Quirks = { ...NO_QUIRKS, endOfCandidates: true, mqAcksPerMessage: 1 };

/** A template page with the script interface [3.2, 3.3, 3.11]. */
export const SDK_HABITS: Quirks = {
  ...BROWSER_HABITS,
  constraintsRequest: true,
  ackWithoutMode: true,
  losesEarlyCandidates: true,
  hangsUpAtDisconnected: true,
};

/**
 * All at once, but for those that would make a call of both kinds impossible (one kind captured) or that a callee may
 * rightly refuse (calls announced as off), and for `sealsIdentity`, with which a key told late can never be read;
 * `losesEarlyCandidates` stays, since the descriptions carry candidates too.
 */
export const EVERY_QUIRK: Quirks = {
  unordered: true,
  duplicates: true,
  loseAckOfEvery: 4,
  sealing: "switching",
  sealsIdentity: false,
  ackWithoutMode: true,
  constraintsRequest: true,
  emptySdpMid: true,
  nullUsernameFragment: true,
  endOfCandidates: true,
  candidatesFirst: true,
  losesEarlyCandidates: true,
  hangsUpAtDisconnected: true,
  videoInAudioCalls: true,
  ghostRequests: true,
  reconnectAtAnyTime: true,
  mqAcksPerMessage: 5,
  captures: "both",
  snakeCaseHangup: true,
  localTopicsLeak: true,
  hangups: 3,
  videoDisabled: false,
};
