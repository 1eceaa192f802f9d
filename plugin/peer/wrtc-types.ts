// The part of @roamhq/wrtc that we use, in types. The package's own declarations name DOM types, which a Node
// program does not have, and promise methods that reject at run time (facts: README.md). Only shapes live here.

export type WrtcKind = "audio" | "video";

/** RTCSessionDescriptionInit, W3C webrtc-pc section 4.6. `sdp` of a rollback is not read. */
export interface WrtcDescription {
  readonly type: "offer" | "answer" | "rollback";
  readonly sdp: string;
}

/** A key that has no value must be left out: `sdpMid: null` is read as the text "null". */
export interface WrtcCandidateInit {
  candidate: string;
  sdpMid?: string;
  sdpMLineIndex?: number;
  usernameFragment?: string;
}

/** What the engine hands out, where null stands for absent; the other direction is WrtcCandidateInit. */
export interface WrtcCandidate {
  readonly candidate: string | null;
  readonly sdpMid: string | null;
  readonly sdpMLineIndex: number | null;
  readonly usernameFragment: string | null;
}

export interface WrtcTrack {
  readonly id: string;
  readonly kind: WrtcKind;
  stop(): void;
}

export interface WrtcStream {
  readonly id: string;
}

/** W3C webrtc-pc section 5.4, without setParameters, which always rejects in this engine. */
export interface WrtcTransceiver {
  readonly mid: string | null;
  readonly stopped: boolean;
  direction: "sendrecv" | "sendonly" | "recvonly" | "inactive";
  readonly sender: { readonly track: WrtcTrack | null };
  readonly receiver: { readonly track: WrtcTrack };
}

export interface WrtcTransceiverInit {
  direction: "sendrecv";
  streams: WrtcStream[];
  /** Bits a second. Without it only a bandwidth line in the remote description limits what is sent. */
  sendEncodings?: { maxBitrate: number }[];
}

/** One entry of getStats(); its further fields are read by name and checked. */
export type WrtcStatsEntry = Readonly<Record<string, unknown>>;

/** RTCPeerConnection. Handlers are set to null before `close`, so that no queued event comes after it. */
export interface WrtcConnection {
  readonly connectionState: string;
  readonly signalingState: string;
  /** Null marks the end of candidates. */
  onicecandidate: ((event: { candidate: WrtcCandidate | null }) => void) | null;
  onconnectionstatechange: (() => void) | null;
  ontrack: ((event: { track: WrtcTrack }) => void) | null;
  addTrack(track: WrtcTrack, stream: WrtcStream): unknown;
  addTransceiver(track: WrtcTrack, init: WrtcTransceiverInit): WrtcTransceiver;
  getTransceivers(): WrtcTransceiver[];
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

/** Has to be stopped: a running sink keeps the process alive. The same holds for the audio sink. */
export interface WrtcVideoSink {
  onframe: ((event: { frame: WrtcVideoFrame }) => void) | null;
  stop(): void;
}

export interface WrtcAudioSink {
  ondata: ((data: WrtcAudioData) => void) | null;
  stop(): void;
}

export interface WrtcIceServer {
  urls: string[];
  username?: string;
  credential?: string;
}

/** Sources and sinks stand under `nonstandard`: no browser has them. */
export interface WrtcModule {
  readonly RTCPeerConnection: new (configuration: { iceServers: WrtcIceServer[] }) => WrtcConnection;
  readonly MediaStream: new () => WrtcStream;
  readonly nonstandard: {
    readonly RTCVideoSource: new () => WrtcVideoSource;
    readonly RTCAudioSource: new () => WrtcAudioSource;
    readonly RTCVideoSink: new (track: WrtcTrack) => WrtcVideoSink;
    readonly RTCAudioSink: new (track: WrtcTrack) => WrtcAudioSink;
  };
}
