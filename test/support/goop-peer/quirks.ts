// Every oddity of deployed Goop², each with its own switch. Numbers in brackets are sections of the wire's description. A quirk
// states what the peer does, and not how the plugin responds.

import type { SoundWait } from "./sound-gate.ts";
import type { MediaKind } from "./wire/wire.ts";

export interface Quirks {
  /** [3.11.1, 2.1] Call messages are reordered: those within 50 ms leave newest first. */
  readonly unordered: boolean;
  /** [3.11.2, 2.3] Every call message is sent twice, with a new id and number. */
  readonly duplicates: boolean;
  /** [2.3] Every nth call message is received but not acknowledged, so that its sender repeats it. 0 means never. */
  readonly loseAckOfEvery: number;
  /**
   * [3.11.3, 2.5] `plain`: no keys. `sealed`: peers exchange keys when they connect. `switching`: they exchange keys after the
   * first description, so that a call begins unencrypted and continues encrypted.
   */
  readonly sealing: "plain" | "sealed" | "switching";
  /**
   * [2.5] Identity messages are sealed like all others. A peer that sends its key to such a peer first, without knowing the
   * other's key, can never read its messages, including its answer to `identity`. A `switching` peer never seals them, because
   * it publishes its key too late.
   */
  readonly sealsIdentity: boolean;
  /**
   * Identity messages are acknowledged and lost for this many milliseconds after a connection began. Goop² is connected before
   * it subscribes to them, and loses those of the first 50 ms.
   */
  readonly losesIdentitiesMs: number;
  /** [3.11.4, 3.2] `call-ack` has no mode, as from a native callee. */
  readonly ackWithoutMode: boolean;
  /** [3.11.5, 3.2] A request of the script interface: constraints, without mode, platform and mediaType. */
  readonly constraintsRequest: boolean;
  /** [3.11.6, 3.4] `sdpMid: ""`. */
  readonly emptySdpMid: boolean;
  /** [3.11.6, 3.4] `usernameFragment: null`, as from Go. */
  readonly nullUsernameFragment: boolean;
  /** [3.4] An empty candidate ends the list. */
  readonly endOfCandidates: boolean;
  /** [3.11.7, 3.3] At least one candidate is sent before its description. */
  readonly candidatesFirst: boolean;
  /** [3.11.8, 3.3] Candidates that arrive before their description are lost. */
  readonly losesEarlyCandidates: boolean;
  /** [3.11.9] Hangs up at the first `disconnected`. */
  readonly hangsUpAtDisconnected: boolean;
  /** [3.11.10, 3.5] The camera runs in audio calls too. */
  readonly videoInAudioCalls: boolean;
  /** What received sound waits for before it is heard. */
  readonly soundWaitsFor: SoundWait;
  /** [3.11.14, 3.6] A call's request is sent again after the call's end. */
  readonly ghostRequests: boolean;
  /** [3.11.16, 3.7] `call-reconnect` is sent right after the request or the acknowledgement, in the wrong state. */
  readonly reconnectAtAnyTime: boolean;
  /** [3.11.17, 2.6] Number of `mq.ack` for each received message. */
  readonly mqAcksPerMessage: number;
  /** [3.11.18, 3.5] The captured kinds. Offers have no m-line for a kind that is not captured. */
  readonly captures: "both" | MediaKind;
  /** [3.11.20] Hang-ups have the field `channel_id`, as local events do. */
  readonly snakeCaseHangup: boolean;
  /** [3.11.21, 2.6] Each hang-up is also sent on `call:loopback:<channel>`, together with local-only messages. */
  readonly localTopicsLeak: boolean;
  /** [3.6] Number of copies of each hang-up. */
  readonly hangups: number;
  /** [3.11.22, 4.4] Announces in its presence that calls are off, but still makes and accepts them. */
  readonly videoDisabled: boolean;
}

/** A Go process without any oddity. */
export const NO_QUIRKS: Quirks = {
  unordered: false,
  duplicates: false,
  loseAckOfEvery: 0,
  sealing: "plain",
  sealsIdentity: true,
  losesIdentitiesMs: 0,
  ackWithoutMode: false,
  constraintsRequest: false,
  emptySdpMid: false,
  nullUsernameFragment: false,
  endOfCandidates: false,
  candidatesFirst: false,
  losesEarlyCandidates: false,
  hangsUpAtDisconnected: false,
  videoInAudioCalls: false,
  soundWaitsFor: "nothing",
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
  soundWaitsFor: "everyPicture",
};

/** The script of Goop²'s page in a webview with WebRTC [3.2, 3.6, 2.6]. */
export const BROWSER_HABITS: Quirks = {
  ...NO_QUIRKS,
  endOfCandidates: true,
  mqAcksPerMessage: 1,
  soundWaitsFor: "firstPicture",
};

/** A template page with the script interface [3.2, 3.3, 3.11]. */
export const SDK_HABITS: Quirks = {
  ...BROWSER_HABITS,
  constraintsRequest: true,
  ackWithoutMode: true,
  losesEarlyCandidates: true,
  hangsUpAtDisconnected: true,
};

/**
 * All quirks at once, with three exceptions. With only one kind captured, a video call with sound is impossible. With
 * `videoDisabled`, a callee may rightly refuse. With `sealsIdentity`, a late key can never be read. `losesEarlyCandidates`
 * stays, because descriptions contain candidates too.
 */
export const EVERY_QUIRK: Quirks = {
  unordered: true,
  duplicates: true,
  loseAckOfEvery: 4,
  sealing: "switching",
  sealsIdentity: false,
  losesIdentitiesMs: 0,
  ackWithoutMode: true,
  constraintsRequest: true,
  emptySdpMid: true,
  nullUsernameFragment: true,
  endOfCandidates: true,
  candidatesFirst: true,
  losesEarlyCandidates: true,
  hangsUpAtDisconnected: true,
  videoInAudioCalls: true,
  soundWaitsFor: "everyPicture",
  ghostRequests: true,
  reconnectAtAnyTime: true,
  mqAcksPerMessage: 5,
  captures: "both",
  snakeCaseHangup: true,
  localTopicsLeak: true,
  hangups: 3,
  videoDisabled: false,
};
