// The interface of one WebRTC connection to one peer.

import type { VideoFrame } from "../../native/types.ts";
import type { Candidate, IceServer } from "../../rpc-schema/index.ts";
import type { LookUp } from "../common/local-names.ts";
import type { PeerPlace } from "../common/peer-place.ts";

/** RTCPeerConnection.connectionState, W3C webrtc-pc section 4.3.3, without `closed`, which only close() causes. */
export type ConnectionState = "new" | "connecting" | "connected" | "disconnected" | "failed";

/** The engine refused a description or failed. */
export class PeerError extends Error {
  override readonly name = "PeerError";
}

/** Called on the main thread. None may throw, because the engine cannot handle it. */
export interface PeerCallbacks {
  /**
   * Called after the candidate's description was returned, so that the order can be kept on the wire. Also called for
   * candidates that the description contains.
   */
  onCandidate(candidate: Candidate): void;
  /** Called for changes only. */
  onConnectionState(state: ConnectionState): void;
  /**
   * A negotiation fixed the directions. An answering peer knows them before its answer is complete. When a negotiation fails
   * after this, the former directions follow.
   */
  onNegotiated(directions: NegotiatedDirections): void;
  /** Why there is no path so far, as a sentence without capital and full stop, when it changes; null once a path stands. */
  onPathTrouble(detail: string | null): void;
  /** A remote candidate was refused. */
  onRefused(what: "candidate"): void;
  /** A decoded remote frame. A consumer that does not keep it need not call retain or release. */
  onVideo(frame: VideoFrame): void;
  /** 10 ms of remote sound, mono. The rate may change between blocks. */
  onAudio(block: Int16Array, sampleRate: number): void;
}

/**
 * `short`: sound leaves as soon as possible, and takes 80 kb/s with its headers. `repeated`: each short packet also carries the sound of
 * the one before (RFC 2198), in 120 kb/s; a peer that does not read it gets short ones. `long`: it takes 30 kb/s, and leaves 30 ms later.
 */
export type SoundPacketKind = "short" | "repeated" | "long";

/**
 * What the sent frames show. Of a camera the engine lowers the size before the rate. Of a screen it keeps the size, so that text
 * stays legible.
 */
export type VideoContent = "camera" | "screen";

/**
 * Which side estimates the bandwidth of what we send: our engine, from the arrival of each packet (transport-wide feedback), or the
 * remote one, which reports a bit rate (REMB).
 */
export type Estimator = "sender" | "receiver";

/** Fixed for the life of the connection. */
export interface PeerOptions {
  /** When empty, only host candidates are offered, which are enough on one network. */
  readonly iceServers: readonly IceServer[];
  /** Media pass through a TURN server of `iceServers` only, and the peer learns none of our addresses. The default is false. */
  readonly relayOnly?: boolean;
  /** The upper limit of sent video. Congestion control may stay far below it. */
  readonly maxVideoBitrateBps: number;
  /**
   * How long a description waits for our candidates, in milliseconds. Some peers lose candidates that arrive before the
   * description. The wait ends with gathering; later candidates trickle. 0 means no wait.
   */
  readonly gatherMs: number;
  /** Finds the addresses of `.local` names in the peer's candidates. Without it, the system does. */
  readonly lookUp?: LookUp;
  /** Without it, the path decides when it is found. */
  readonly estimator?: Estimator;
  /** Where the peer is at the moment. Decides which addresses it may name in its candidates. */
  placeOfPeer(): PeerPlace;
}

export interface MediaFlow {
  readonly sends: boolean;
  readonly receives: boolean;
}

/** The directions that the newest negotiation allows, seen from our side. */
export interface NegotiatedDirections {
  readonly audio: MediaFlow;
  readonly video: MediaFlow;
  /** Why there is no video although the other side has a video section. Absent when a codec is not the cause. */
  readonly videoRefused?: string;
}

/** Totals since the start of the connection, and current figures. See callStatisticsSchema for units. */
export interface PeerStatistics {
  /** Whether a TURN server passes the media on, at either side. Null before a path was chosen. */
  readonly isRelayed: boolean | null;
  readonly roundTripMs: number | null;
  readonly availableSendBps: number | null;
  /** `availableSendBps` counts every packet, also those of sound alone, and a search can raise it at once. */
  readonly isSearchable: boolean;
  readonly bytesSentVideo: number;
  readonly bytesSentAudio: number;
  readonly bytesReceivedVideo: number;
  readonly bytesReceivedAudio: number;
  /** Audio and video together, like packetsLost. */
  readonly packetsReceived: number;
  readonly packetsLost: number;
  /** Per channel, since the start: played, and of these made up by the decoder in place of sound that was lost or late. */
  readonly soundSamples: number;
  readonly concealedSamples: number;
  readonly jitterMs: number | null;
  /** The loss of our packets, 0 to 1, in the peer's newest report, on sound or picture; null when none is recent. */
  readonly sendLoss: number | null;
  /** The same of our sound alone. Its reports come every five seconds and cover five. */
  readonly soundLoss: number | null;
  /** Round trips that the remote side's reports about our video have shown, and their sum. */
  readonly videoAnswers: number;
  readonly videoAnswersMs: number;
  /** The encoder reports that the processor limits it. */
  readonly isEncoderBehind: boolean;
  /** The encoder reports that its bit rate limits the quality. The limit of the settings does that too. */
  readonly isRateLimited: boolean;
  readonly sendFps: number;
  readonly receiveFps: number;
  readonly sendWidth: number;
  readonly sendHeight: number;
  readonly receiveWidth: number;
  readonly receiveHeight: number;
  /**
   * How much older the delivered audio is than the delivered video, in milliseconds by the sender's clock. Null before the
   * sender's first reports.
   */
  readonly avOffsetMs: number | null;
}

export interface OfferOptions {
  readonly iceRestart?: boolean;
  /** False returns the offer without waiting for candidates. The default is true. */
  readonly holdsCandidates?: boolean;
}

/**
 * An offering peer always negotiates both kinds of media, so that a camera can be switched on during the call. An answering
 * peer answers the offered kinds.
 */
export interface Peer {
  /** @throws PeerError */
  createOffer(options?: OfferOptions): Promise<string>;
  /**
   * Applies a remote offer, also a later one on a running connection, and returns the answer. Video without a common codec is
   * rejected, and the rest goes on.
   * @throws PeerError, also for audio without a common codec
   */
  answerOffer(sdp: string): Promise<string>;
  /** Treats missing codecs as answerOffer does. @throws PeerError */
  acceptAnswer(sdp: string): Promise<void>;
  /**
   * Early candidates wait in a bounded buffer for their description. Candidates that are unusable, not allowed
   * (remote-candidates.ts) or too many are counted and ignored, also those in a description.
   */
  addCandidate(candidate: Candidate): void;
  /** Reads the frame before it returns. */
  sendVideo(frame: VideoFrame): void;
  /**
   * What the following frames show, without a new negotiation; the camera at first. Frames that are sent before it resolves may be
   * lost.
   */
  setVideoContent(content: VideoContent): Promise<void>;
  /** Exactly 10 ms; see {@link BLOCK_SAMPLES}. */
  sendAudio(block: Int16Array): void;
  /**
   * Switches the delivery of remote sound, which is on at first. A sink calls back a hundred times a second, even for
   * silence, which costs processor time without a listener.
   */
  setAudioReceiving(isReceiving: boolean): void;
  /** Where the engine can search for the bandwidth of a path, they are long at first. Otherwise they are short. */
  readonly soundPackets: SoundPacketKind;
  /**
   * Changes the packets of sent sound, without a signal to the peer.
   * @throws PeerError before the first negotiation, and during another one
   */
  setSoundPackets(kind: SoundPacketKind): Promise<void>;
  /**
   * Measures by a burst of a few packets whether the path carries `bps`, and limits the video to that until the next search.
   * `availableSendBps` has the result after a round trip. Does nothing where `isSearchable` is false.
   * @throws PeerError while an offer waits for its answer, and when the peer is closed meanwhile
   */
  searchBandwidth(bps: number): Promise<void>;
  /** Null before the first negotiation. Media in other directions is not sent. */
  negotiatedDirections(): NegotiatedDirections | null;
  statistics(): Promise<PeerStatistics>;
  /** Stops every track and sink and closes the connection. Idempotent; no callback comes after it. */
  close(): void;
}

/** The WebRTC engine. Loading it fails on a machine without a matching binary. */
export interface PeerEngine {
  /** @throws PeerError when the engine cannot be loaded */
  createPeer(options: PeerOptions, callbacks: PeerCallbacks): Promise<Peer>;
}
