// A stub of the engine's package, whose promises settle when the test says so. It makes no connection.

import type {
  WrtcConnection,
  WrtcDescription,
  WrtcModule,
  WrtcTrack,
} from "../../../plugin/peer/wrtc-types.ts";

export interface StubWrtc {
  readonly module: WrtcModule;
  /** Calls of the engine, in order. */
  readonly calls: string[];
  /** Names of calls that never settle. */
  readonly stuck: Set<string>;
  /** The remote descriptions that the engine received. */
  readonly remote: WrtcDescription[];
  signalingState: string;
  connectionState: string;
}

const description = (type: "offer" | "answer"): WrtcDescription => ({ type, sdp: `v=0 ${type}` });

/** One codec of each kind. */
const CAPABLE = {
  getCapabilities: (kind: "audio" | "video") => ({
    codecs: [
      kind === "video"
        ? { mimeType: "video/VP8", clockRate: 90_000 }
        : { mimeType: "audio/opus", clockRate: 48_000, channels: 2 },
    ],
  }),
};

function transceiverOf(own: WrtcTrack): ReturnType<WrtcConnection["addTransceiver"]> {
  return {
    mid: null,
    stopped: false,
    direction: "sendrecv",
    sender: { track: own, replaceTrack: () => Promise.resolve() },
    receiver: { track: own },
  };
}

class Stream {
  readonly id = "stream";
}

const newStub = () => ({
  calls: [] as string[],
  stuck: new Set<string>(),
  remote: [] as WrtcDescription[],
  ...{ signalingState: "stable", connectionState: "new" },
});

export function stubWrtc(): StubWrtc {
  const stub = newStub();
  const settle = <T>(name: string, value: T): Promise<T> => {
    stub.calls.push(name);
    return stub.stuck.has(name) ? new Promise<T>(() => undefined) : Promise.resolve(value);
  };
  const record = (name: string) => () => void stub.calls.push(name);
  const track = (kind: "audio" | "video"): WrtcTrack => ({
    id: kind,
    kind,
    readyState: "live",
    stop: record(`stop ${kind} track`),
  });
  class Connection implements WrtcConnection {
    readonly iceConnectionState = "new";
    oniceconnectionstatechange = null;
    onicecandidate = null;
    onicecandidateerror = null;
    onconnectionstatechange = null;
    ontrack = null;
    get connectionState() {
      return stub.connectionState;
    }
    get signalingState() {
      return stub.signalingState;
    }
    addTrack = record("addTrack");
    addTransceiver(own: WrtcTrack): ReturnType<WrtcConnection["addTransceiver"]> {
      stub.calls.push(`addTransceiver ${own.kind}`);
      return transceiverOf(own);
    }
    getTransceivers = () => [];
    createDataChannel = record("createDataChannel");
    createOffer = () => settle("createOffer", description("offer"));
    createAnswer = () => settle("createAnswer", description("answer"));
    setLocalDescription = ({ type }: WrtcDescription) => settle(`setLocal ${type}`, undefined);
    setRemoteDescription = (description: WrtcDescription) => {
      stub.remote.push(description);
      return settle(`setRemote ${description.type}`, undefined);
    };
    addIceCandidate = () => settle("addIceCandidate", undefined);
    getStats = () => settle("getStats", new Map());
    close = record("close");
  }
  const module: WrtcModule = {
    RTCPeerConnection: Connection,
    RTCRtpSender: CAPABLE,
    RTCRtpReceiver: CAPABLE,
    MediaStream: Stream,
    nonstandard: {
      RTCVideoSource: class {
        createTrack = () => track("video");
        onFrame = record("onFrame");
      },
      RTCAudioSource: class {
        createTrack = () => track("audio");
        onData = record("onData");
      },
      RTCVideoSink: class {
        onframe = null;
        stop = record("stop video sink");
      },
      RTCAudioSink: class {
        ondata = null;
        stop = record("stop audio sink");
      },
    },
  };
  return Object.assign(stub, { module });
}
