// Types of the used part of @roamhq/wrtc. The package's own declarations refer to DOM types, which a Node program lacks, and
// declare methods that reject at run time (README.md).

export type WrtcKind = "audio" | "video";

/** RTCSessionDescriptionInit, W3C webrtc-pc section 4.6. The engine ignores `sdp` of a rollback. */
export interface WrtcDescription {
  readonly type: "offer" | "answer" | "rollback";
  readonly sdp: string;
}

/** Keys without a value must be omitted: `sdpMid: null` is read as the text "null". */
export interface WrtcCandidateInit {
  candidate: string;
  sdpMid?: string;
  sdpMLineIndex?: number;
  usernameFragment?: string;
}

/** A candidate from the engine, where null means absent. WrtcCandidateInit is the other direction. */
export interface WrtcCandidate {
  readonly candidate: string | null;
  readonly sdpMid: string | null;
  readonly sdpMLineIndex: number | null;
  readonly usernameFragment: string | null;
}

export interface WrtcTrack {
  readonly id: string;
  readonly kind: WrtcKind;
  readonly readyState: "live" | "ended";
  stop(): void;
}

export interface WrtcStream {
  readonly id: string;
}

/** W3C webrtc-pc section 5.4, without setParameters, which always rejects in this engine. */
interface WrtcTransceiver {
  readonly mid: string | null;
  readonly stopped: boolean;
  direction: "sendrecv" | "sendonly" | "recvonly" | "inactive";
  readonly sender: {
    readonly track: WrtcTrack | null;
    replaceTrack(track: WrtcTrack): Promise<void>;
  };
  readonly receiver: { readonly track: WrtcTrack };
}

interface WrtcTransceiverInit {
  direction: "sendrecv";
  streams: WrtcStream[];
  /** Bits per second. Without it only a bandwidth line in the remote description limits the sent video. */
  sendEncodings?: { maxBitrate: number }[];
}

/** One entry of getStats(). Its fields are read by name and checked. */
export type WrtcStatsEntry = Readonly<Record<string, unknown>>;

/** RTCPeerConnection. Handlers are set to null before `close`, so that no queued event follows it. */
export interface WrtcConnection {
  readonly connectionState: string;
  readonly signalingState: string;
  /** Null marks the end of candidates. */
  onicecandidate: ((event: { candidate: WrtcCandidate | null }) => void) | null;
  /** A STUN or TURN server could not be asked, or refused (W3C webrtc-pc section 4.8.1.4). */
  onicecandidateerror: ((event: { url: string; errorCode: number; errorText: string }) => void) | null;
  onconnectionstatechange: (() => void) | null;
  readonly iceConnectionState: string;
  oniceconnectionstatechange: (() => void) | null;
  ontrack: ((event: { track: WrtcTrack }) => void) | null;
  addTrack(track: WrtcTrack, stream: WrtcStream): unknown;
  addTransceiver(track: WrtcTrack, init: WrtcTransceiverInit): WrtcTransceiver;
  getTransceivers(): WrtcTransceiver[];
  createDataChannel(label: string): unknown;
  createOffer(options?: { iceRestart?: boolean }): Promise<WrtcDescription>;
  createAnswer(): Promise<WrtcDescription>;
  setLocalDescription(description: WrtcDescription): Promise<void>;
  setRemoteDescription(description: WrtcDescription): Promise<void>;
  addIceCandidate(candidate: WrtcCandidateInit): Promise<void>;
  getStats(): Promise<ReadonlyMap<string, WrtcStatsEntry>>;
  close(): void;
}

/** I420, planes without padding, chroma sizes rounded up. The source reads the whole ArrayBuffer under `data`. */
export interface WrtcVideoFrame {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** `rotation` is the clockwise turn in degrees that makes the frame upright. The source has no such field and sends 0. */
export interface WrtcReceivedFrame extends WrtcVideoFrame {
  readonly rotation: number;
}

/** 10 ms of interleaved samples; `numberOfFrames` counts them for one channel. */
export interface WrtcAudioData {
  readonly samples: Int16Array;
  readonly sampleRate: number;
  readonly bitsPerSample: number;
  readonly channelCount: number;
  readonly numberOfFrames: number;
}

export interface WrtcVideoSource {
  createTrack(): WrtcTrack;
  onFrame(frame: WrtcVideoFrame): void;
}

export interface WrtcAudioSource {
  createTrack(): WrtcTrack;
  onData(data: WrtcAudioData): void;
}

/** A sink, also an audio sink, must be stopped: a running sink keeps the process alive. */
interface WrtcVideoSink {
  onframe: ((event: { frame: WrtcReceivedFrame }) => void) | null;
  stop(): void;
}

interface WrtcAudioSink {
  ondata: ((data: WrtcAudioData) => void) | null;
  stop(): void;
}

export interface WrtcIceServer {
  urls: string[];
  username?: string;
  credential?: string;
}

/** The used part of RTCConfiguration, W3C webrtc-pc section 4.2.1. */
interface WrtcConfiguration {
  iceServers: WrtcIceServer[];
  iceTransportPolicy?: "all" | "relay";
}

/** RTCRtpCodecCapability, W3C webrtc-pc section 5.2. `channels` is given for audio only. */
export interface WrtcCodec {
  readonly mimeType: string;
  readonly clockRate: number;
  readonly channels?: number;
  readonly sdpFmtpLine?: string;
}

interface WrtcCapable {
  getCapabilities(kind: WrtcKind): { readonly codecs: readonly WrtcCodec[] };
}

/** Sources and sinks are under `nonstandard`, because browsers lack them. */
export interface WrtcModule {
  readonly RTCPeerConnection: new (configuration: WrtcConfiguration) => WrtcConnection;
  readonly RTCRtpSender: WrtcCapable;
  readonly RTCRtpReceiver: WrtcCapable;
  readonly MediaStream: new () => WrtcStream;
  readonly nonstandard: {
    /** Of a screencast the encoder keeps the size. */
    readonly RTCVideoSource: new (init?: {
      isScreencast?: boolean;
    }) => WrtcVideoSource;
    readonly RTCAudioSource: new () => WrtcAudioSource;
    readonly RTCVideoSink: new (track: WrtcTrack) => WrtcVideoSink;
    readonly RTCAudioSink: new (track: WrtcTrack) => WrtcAudioSink;
  };
}
