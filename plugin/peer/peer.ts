// One WebRTC connection to one peer. Knows descriptions, candidates, pictures and samples; knows nothing of
// calls, signalling or devices.

import type { VideoFrame } from "../../native/types.ts";
import type { Candidate, IceServer } from "../../rpc-schema/index.ts";

/** RTCPeerConnection.connectionState, W3C webrtc-pc section 4.3.3, without `closed`, which only we cause. */
export type ConnectionState = "new" | "connecting" | "connected" | "disconnected" | "failed";

/** The engine refused a description or broke. */
export class PeerError extends Error {
  override readonly name = "PeerError";
}

/** Called on the main thread. None may throw: the engine has nobody to tell. */
export interface PeerCallbacks {
  /**
   * After the description that it belongs to was handed out, so that the order can be kept on the wire; also when that
   * description held it already.
   */
  onCandidate(candidate: Candidate): void;
  /** Changes only, the same state never twice in a row. */
  onConnectionState(state: ConnectionState): void;
  /** A decoded remote picture. Nothing is owed for it: retain and release are free. */
  onVideo(frame: VideoFrame): void;
  /** 10 ms of remote sound, mono; the rate may change from one block to the next. */
  onAudio(block: Int16Array, sampleRate: number): void;
}

/** Fixed for the life of the connection. */
export interface PeerOptions {
  /** Empty: only addresses of this machine are offered, which is enough on one network. */
  readonly iceServers: readonly IceServer[];
  /** The ceiling of what is sent; congestion control may stay far below it. */
  readonly maxVideoBitrateBps: number;
  /**
   * How long a description waits for our candidates, in milliseconds, so that it holds them: some peers lose those that
   * come before it. It leaves as soon as all are found; later ones are told by themselves. 0: it does not wait.
   */
  readonly gatherMs: number;
}

export interface MediaFlow {
  readonly sends: boolean;
  readonly receives: boolean;
}

/** What the newest exchange allows from our side: a peer may leave a kind out, or take it in one direction only. */
export interface NegotiatedDirections {
  readonly audio: MediaFlow;
  readonly video: MediaFlow;
}

/** Sums since the start of the connection, and figures of the moment; see callStatisticsSchema for units. */
export interface PeerStatistics {
  readonly roundTripMs: number | null;
  readonly availableSendBps: number | null;
  readonly bytesSentVideo: number;
  readonly bytesSentAudio: number;
  readonly bytesReceivedVideo: number;
  readonly bytesReceivedAudio: number;
  /** Sound and picture together, like packetsLost. */
  readonly packetsReceived: number;
  readonly packetsLost: number;
  readonly jitterMs: number | null;
  /** 0 to 1, of what we sent, as the peer last reported it. */
  readonly sendLoss: number | null;
  /** The encoder says that the processor holds it back. */
  readonly isEncoderBehind: boolean;
  readonly sendFps: number;
  readonly receiveFps: number;
  readonly sendWidth: number;
  readonly sendHeight: number;
  readonly receiveWidth: number;
  readonly receiveHeight: number;
  /**
   * By how much the sound that is handed out is older than the picture that is handed out, milliseconds, by the sender's
   * clock as its reports tell it; null before they have come.
   */
  readonly avOffsetMs: number | null;
}

export interface OfferOptions {
  readonly iceRestart?: boolean;
  /** False: it leaves at once. True unless given. */
  readonly holdsCandidates?: boolean;
}

/**
 * Both kinds of media are always negotiated by an offering peer, so that a camera can be switched on in mid-call;
 * an answering peer answers what it was offered.
 */
export interface Peer {
  /** @throws PeerError */
  createOffer(options?: OfferOptions): Promise<string>;
  /** Takes a remote offer, also a second one on a running connection, and gives the answer. @throws PeerError */
  answerOffer(sdp: string): Promise<string>;
  /** @throws PeerError */
  acceptAnswer(sdp: string): Promise<void>;
  /** Early candidates wait in a bounded buffer for their description; a useless candidate is ignored and counted. */
  addCandidate(candidate: Candidate): void;
  /** Reads the frame before it returns. */
  sendVideo(frame: VideoFrame): void;
  /** Exactly 10 ms; see {@link BLOCK_SAMPLES}. */
  sendAudio(block: Int16Array): void;
  /**
   * Whether remote sound is handed out; it is at first. A sink calls back a hundred times a second, also for silence,
   * which nobody should pay for who does not listen.
   */
  setAudioReceiving(isReceiving: boolean): void;
  /** Null before the first exchange is finished. What is fed beyond it is not sent. */
  negotiatedDirections(): NegotiatedDirections | null;
  statistics(): Promise<PeerStatistics>;
  /** Stops every track and sink and closes the connection. Idempotent; no callback comes after it. */
  close(): void;
}

/** The engine. Loading it may fail on a machine without a fitting binary. */
export interface PeerEngine {
  /** @throws PeerError when the engine cannot be loaded. */
  createPeer(options: PeerOptions, callbacks: PeerCallbacks): Promise<Peer>;
}
