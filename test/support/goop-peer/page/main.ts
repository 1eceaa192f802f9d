// Goop²'s page in a real browser: the calls of page-calls.ts with the browser's RTCPeerConnection, and messages over Goop²'s
// HTTP API [5.2]. A canvas with the stamped pattern and a tone replace camera and microphone. Tests drive `window.goopPage`.

import { drawPattern, type Seen, watchVideo } from "../../../bench/measures/chromium-page.ts";
import type { DeployedCall, DeployedRing } from "../deployed-call.ts";
import type { MediaKind } from "../wire/wire.ts";
import { PageCalls } from "./page-calls.ts";
import { createTurningCamera, createTurningPeer } from "./turning-camera.ts";

export interface GoopPage {
  readonly rings: { readonly channelId: string; readonly kind: MediaKind }[];
  readonly complaints: readonly string[];
  /** @returns the channel id */
  start(peerId: string, kind: MediaKind): Promise<string>;
  accept(channelId: string): Promise<void>;
  hangup(): Promise<void>;
  /** How the phone is held, in a page with `turning` in its address: the frames' clockwise rotation. */
  turn(rotation: 0 | 90 | 180 | 270): void;
  /** The connection's state, or how the last call ended; "none" without a call. */
  state(): string;
  /** Stamped frames that the video element has shown since the last call. */
  takeSeen(): Seen[];
  /** What the video element shows: its readyState, and the frames since the last call, the newest 500 at most. */
  picture(): { readonly readyState: number; readonly shown: readonly Shown[] };
  /** The loudest received tone in hertz, and its level in decibels. */
  loudestTone(): { readonly hz: number; readonly db: number };
}

/** One frame that the video element has presented. */
export interface Shown {
  /** `performance.now()` */
  readonly atMs: number;
  /** Of the brightest colour in the frame's centre, 0 to 255. */
  readonly brightness: number;
}

declare global {
  interface Window {
    goopPage?: GoopPage;
  }
}

const MAX_SHOWN = 500;
const query = new URLSearchParams(location.search);
const sound = new AudioContext();
const analyser = new AnalyserNode(sound, { fftSize: 32_768, smoothingTimeConstant: 0 });
const video = Object.assign(document.createElement("video"), { autoplay: true, playsInline: true });
document.body.append(video);
watchVideo(video);
const shown: Shown[] = [];
watchCentre();

let canvas: HTMLCanvasElement | undefined;
let turning: ReturnType<typeof createTurningCamera> | undefined;
let call: DeployedCall | undefined;
let ended = "none";
const rings = new Map<string, DeployedRing>();

function watchCentre(): void {
  const centre = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  const context = centre.getContext("2d", { willReadFrequently: true });
  const look = () => {
    const atMs = performance.now();
    video.requestVideoFrameCallback(look);
    context?.drawImage(video, video.videoWidth / 2, video.videoHeight / 2, 1, 1, 0, 0, 1, 1);
    const [red = 0, green = 0, blue = 0] = context?.getImageData(0, 0, 1, 1).data ?? [];
    shown.push({ atMs, brightness: Math.max(red, green, blue) });
    if (shown.length > MAX_SHOWN) shown.shift();
  };
  video.requestVideoFrameCallback(look);
}

async function post(path: string, body: object): Promise<void> {
  const answer = await fetch(path, { method: "POST", body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
}

function tone(): MediaStreamTrack | undefined {
  const oscillator = new OscillatorNode(sound, { frequency: Number(query.get("tone") ?? 600) });
  const level = new GainNode(sound, { gain: 0.25 });
  const output = new MediaStreamAudioDestinationNode(sound);
  oscillator.connect(level).connect(output);
  oscillator.start();
  return output.stream.getAudioTracks()[0];
}

/** A page with `video` in its address offers this codec only, such as H264. */
function restrictVideo(connection: RTCPeerConnection): void {
  const only = query.get("video");
  if (only === null) return;
  const codecs = RTCRtpSender.getCapabilities("video")?.codecs ?? [];
  const kept = codecs.filter(({ mimeType }) => mimeType === `video/${only}`);
  if (kept.length === 0) throw new Error(`this browser has no ${only}`);
  for (const transceiver of connection.getTransceivers()) {
    if (transceiver.receiver.track.kind === "video") transceiver.setCodecPreferences(kept);
  }
}

function captureVideo(): MediaStreamTrack[] {
  if (query.has("turning")) {
    turning = createTurningCamera();
    return [turning.track];
  }
  canvas ??= drawPattern({ width: 320, height: 240, fps: 20 });
  return canvas.captureStream().getVideoTracks();
}

const calls = new PageCalls(
  {
    platform: "windows",
    send: (peerId, topic, payload) => post("/api/mq/send", { peer_id: peerId, topic, payload }),
    connect: () => new RTCPeerConnection(),
    beforeOffer: restrictVideo,
    async capture(kinds) {
      const videoTracks = kinds.video ? captureVideo() : [];
      return new MediaStream(
        [...(kinds.audio ? [tone()] : []), ...videoTracks].filter((track) => track !== undefined),
      );
    },
    show(_, track, stream = new MediaStream([track])) {
      // Chromium feeds remote sound into an audio graph only while an element plays its stream.
      video.srcObject = stream;
      if (track.kind === "audio") sound.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    },
    storage: sessionStorage,
  },
  {
    ackWithoutMode: false,
    captures: "both",
    constraintsRequest: false,
    endOfCandidates: true,
    hangsUpAtDisconnected: false,
    losesEarlyCandidates: false,
    reconnectAtAnyTime: false,
    videoInAudioCalls: false,
  },
);
if (query.has("bare")) window.turningPeer = createTurningPeer();
calls.onRing((ring) => void rings.set(ring.channelId, ring));

function follow(next: DeployedCall): DeployedCall {
  call = next;
  void next.ended.then((end) => {
    ended = end;
    if (call === next) call = undefined;
  });
  return next;
}

function loudest(): { hz: number; db: number } {
  const levels = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(levels);
  const db = levels.reduce((most, level) => Math.max(most, level), Number.NEGATIVE_INFINITY);
  return { hz: (levels.indexOf(db) * sound.sampleRate) / analyser.fftSize, db };
}

/** Sends a receipt for each processed message [2.6]. */
function listen(): void {
  const events = new EventSource("/api/mq/events");
  events.addEventListener("connected", () => {
    // Not earlier, because the answer must not arrive before this page listens.
    void calls.restore().then((restored) => restored && follow(restored));
  });
  events.addEventListener("message", ({ data }) => {
    const { type, msg, from } = JSON.parse(data);
    if (type !== "message" || from === undefined || !msg.topic.startsWith("call:")) return;
    calls.take(from, msg.topic.slice("call:".length), msg.payload);
    post("/api/mq/ack", { msg_id: msg.id, from_peer_id: from }).catch((error) => console.warn(String(error)));
  });
}

window.goopPage = {
  get rings() {
    return [...rings.values()].map(({ channelId, kind }) => ({ channelId, kind }));
  },
  complaints: calls.complaints,
  start: async (peerId, kind) => follow(await calls.start(peerId, kind)).channelId,
  async accept(channelId) {
    const ring = rings.get(channelId);
    if (!ring) throw new Error(`${channelId} does not ring`);
    rings.delete(channelId);
    follow(await ring.accept());
  },
  hangup: async () => call?.hangup(),
  turn: (rotation) => turning?.turn(rotation),
  state: () => call?.connectionState ?? ended,
  takeSeen: () => window.goopSeen?.splice(0) ?? [],
  picture: () => ({ readyState: video.readyState, shown: shown.splice(0) }),
  loudestTone: loudest,
};
listen();
