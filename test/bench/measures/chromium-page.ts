// Runs in Chromium's pages, passed as source text: the pattern on a canvas, the call, and the stamps of the frames that
// <video> shows. The functions may use only each other and those of stamp-reader.ts.

import { crc16, readStamp, stampDelayMs } from "../../support/pictures/stamp-reader.ts";

interface Size {
  readonly width: number;
  readonly height: number;
  readonly fps: number;
}

export interface Seen {
  readonly sequence: number;
  readonly delayMs: number;
  readonly width: number;
  /** Unix milliseconds of the presentation. */
  readonly atMs: number;
}

/** `off`: a picture can be sent, but the camera is not on yet. `none`: sound alone is sent. */
export type PageCamera = "on" | "off" | "none";

declare global {
  interface Window {
    goopPeer?: RTCPeerConnection;
    goopSeen?: Seen[];
    /** Unix milliseconds. */
    goopConnectedAt?: number;
    goopCamera?: { readonly sender: RTCRtpSender; readonly track: MediaStreamTrack };
  }
}

/** The pattern of native/core/capture/test-pattern.cc: a woven gradient, a bar, a box, and the stamp over them. */
export function drawPattern({ width, height, fps }: Size): HTMLCanvasElement {
  const make = () => Object.assign(document.createElement("canvas"), { width, height });
  const background = make();
  const canvas = make();
  const back = background.getContext("2d");
  const context = canvas.getContext("2d");
  if (!back || !context) throw new Error("the canvas has no 2d context");
  const image = back.createImageData(width, height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const weave = ((Math.floor(x / 8) + Math.floor(y / 8)) % 2 === 0 ? 8 : -8) + ((x * 7 + y * 13) % 5);
      const grey = 40 + (90 * x) / width + (60 * y) / height + weave;
      image.data.set([grey + (40 * y) / height, grey, grey + (40 * x) / width, 255], 4 * (y * width + x));
    }
  }
  back.putImageData(image, 0, 0);
  const bounce = (step: number, range: number) => {
    const phase = step % (2 * range);
    return phase < range ? phase : 2 * range - phase;
  };
  let sequence = 0;
  const startMs = performance.now();
  const draw = () => {
    const ticks = Math.floor((performance.timeOrigin + performance.now()) * 10) % 2 ** 32;
    const top = height / 8;
    const size = Math.min(width, height) / 5;
    context.drawImage(background, 0, 0);
    context.fillStyle = "rgb(225, 225, 225)";
    context.fillRect(bounce(sequence * 4, width - width / 24), top, width / 24, height - top);
    context.fillStyle = "rgb(254, 0, 0)";
    context.fillRect(
      bounce(sequence * 5, width - size),
      top + 2 + bounce(sequence * 3, height - top - size - 2),
      size,
      size,
    );
    context.fillStyle = "black";
    context.fillRect(0, 0, width, top);
    const bytes = [ticks >>> 24, ticks >>> 16, ticks >>> 8, ticks, sequence >>> 8, sequence].map(
      (byte) => byte & 0xff,
    );
    const sum = crc16(bytes);
    context.fillStyle = "white";
    [...bytes, sum >>> 8, sum & 0xff].forEach((byte, index) => {
      for (let bit = 0; bit < 8; bit += 1) {
        const cell = index * 8 + bit;
        if (((byte >> (7 - bit)) & 1) === 0) continue;
        context.fillRect(((cell % 32) * width) / 32, cell < 32 ? 0 : height / 16, width / 32, height / 16);
      }
    });
    sequence = (sequence + 1) & 0xffff;
    setTimeout(draw, Math.max(0, startMs + (sequence * 1000) / fps - performance.now()));
  };
  draw();
  return canvas;
}

/** Reads every frame that <video> presents. Its time is the start of the callback, before anything is drawn or read. */
export function watchVideo(video: HTMLVideoElement): void {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const seen: Seen[] = [];
  window.goopSeen = seen;
  const look = () => {
    const shownAt = performance.timeOrigin + performance.now();
    video.requestVideoFrameCallback(look);
    Object.assign(canvas, { width: video.videoWidth, height: video.videoHeight });
    context?.drawImage(video, 0, 0);
    const stamp = readStamp(canvas);
    if (!stamp) return;
    const delayMs = stampDelayMs(stamp.ticks, shownAt);
    seen.push({ sequence: stamp.sequence, delayMs, width: canvas.width, atMs: shownAt });
  };
  video.requestVideoFrameCallback(look);
}

/** Audio and video in one stream, both ways. Only a side that watches shows the video. */
export function preparePeer(size: Size, watches: boolean, camera: PageCamera = "on"): void {
  const peer = new RTCPeerConnection();
  window.goopPeer = peer;
  peer.onconnectionstatechange = () => {
    if (peer.connectionState === "connected") {
      window.goopConnectedAt ??= performance.timeOrigin + performance.now();
    }
  };
  const sound = new AudioContext();
  const oscillator = new OscillatorNode(sound, { frequency: 440 });
  const output = new MediaStreamAudioDestinationNode(sound);
  oscillator.connect(output);
  oscillator.start();
  const stream = new MediaStream(output.stream.getTracks());
  for (const track of stream.getTracks()) peer.addTrack(track, stream);
  if (camera !== "none") {
    const canvas = drawPattern(size);
    document.body.append(canvas);
    const [track] = canvas.captureStream().getTracks();
    if (!track) throw new Error("the canvas has no track");
    if (camera === "on") peer.addTrack(track, stream);
    else window.goopCamera = { track, sender: peer.addTransceiver("video", { streams: [stream] }).sender };
  }
  if (!watches) return;
  const video = Object.assign(document.createElement("video"), { autoplay: true, playsInline: true });
  document.body.prepend(video);
  watchVideo(video);
  peer.ontrack = ({ streams }) => {
    video.srcObject = streams[0] ?? null;
  };
}

/** The unprocessed microphone, both ways. An <audio> element plays the remote sound. */
export async function prepareVoice(): Promise<void> {
  const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const stream = await navigator.mediaDevices.getUserMedia({ audio: plain });
  const peer = new RTCPeerConnection();
  window.goopPeer = peer;
  for (const track of stream.getTracks()) peer.addTrack(track, stream);
  const player = Object.assign(document.createElement("audio"), { autoplay: true });
  document.body.append(player);
  peer.ontrack = ({ streams }) => {
    player.srcObject = streams[0] ?? null;
  };
}

export async function waitForGathering(peer: RTCPeerConnection): Promise<string> {
  while (peer.iceGatheringState !== "complete") {
    await new Promise((resolve) => peer.addEventListener("icegatheringstatechange", resolve, { once: true }));
  }
  return peer.localDescription?.sdp ?? "";
}

export async function offer(): Promise<string> {
  const peer = window.goopPeer as RTCPeerConnection;
  await peer.setLocalDescription(await peer.createOffer());
  return await waitForGathering(peer);
}

export async function answer(sdp: string, maxBitrate: number): Promise<string> {
  const peer = window.goopPeer as RTCPeerConnection;
  await peer.setRemoteDescription({ type: "offer", sdp });
  await peer.setLocalDescription(await peer.createAnswer());
  await limit(peer, maxBitrate);
  return await waitForGathering(peer);
}

export async function finish(sdp: string, maxBitrate: number): Promise<void> {
  const peer = window.goopPeer as RTCPeerConnection;
  await peer.setRemoteDescription({ type: "answer", sdp });
  await limit(peer, maxBitrate);
}

/** The plugin's own bitrate limit, so that both send alike. */
export async function limit(peer: RTCPeerConnection, maxBitrate: number): Promise<void> {
  const sender = peer.getSenders().find(({ track }) => track?.kind === "video");
  const parameters = sender?.getParameters();
  for (const encoding of parameters?.encodings ?? []) encoding.maxBitrate = maxBitrate;
  if (sender && parameters) await sender.setParameters(parameters);
}

/** @returns Unix milliseconds */
export async function switchCameraOn(): Promise<number> {
  const at = performance.timeOrigin + performance.now();
  await window.goopCamera?.sender.replaceTrack(window.goopCamera.track);
  return at;
}

/** Unix milliseconds. */
export function connectedAt(): number {
  return window.goopConnectedAt ?? Number.NaN;
}

export function takeSeen(): Seen[] {
  return window.goopSeen?.splice(0) ?? [];
}
