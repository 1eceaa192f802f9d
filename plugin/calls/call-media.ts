// The meeting point of one call's media: pictures and samples pass here between the devices, the WebRTC connection and
// the host's page, and are counted. Decides nothing about the call, and touches neither pixels nor samples.

import type { CaptureConstraints, CaptureCounters, FrameScaler, VideoFrame } from "../../native/types.ts";
import type { FrameSource } from "../../rpc-schema/index.ts";
import type { VideoShare } from "../../statecharts/index.ts";
import type { OpenCamera } from "../camera/camera.ts";
import type { Peer } from "../peer/peer.ts";
import { peakLevel } from "../sound/level.ts";
import { type Microphone, NONE_ID, type Speaker } from "../sound/sound.ts";
import { FrameSender, scaledSize } from "./frame-sender.ts";
import { LipSync } from "./lip-sync.ts";
import { createMedianWindow } from "./median-window.ts";

export interface CallMediaOptions {
  /** Shows a picture to the host's page, if it watches. */
  showFrame(source: FrameSource, frame: VideoFrame): void;
  /** Unix time in microseconds. */
  nowUs(): number;
  createScaler(): FrameScaler;
  /** The settings' largest picture. */
  captureConstraints(): CaptureConstraints;
  /** A picture could not be made smaller. */
  onError(error: unknown): void;
}

/** Pictures since the start of the call, over all cameras that it used. */
export interface MediaCounts {
  readonly captured: number;
  /** Faulty or overtaken ones included. */
  readonly captureDropped: number;
  /** Given to WebRTC's source, which may still drop them to keep its bit rate. */
  readonly sent: number;
  /** Out of WebRTC's sink, decoded. */
  readonly received: number;
}

const NOTHING_CAPTURED: CaptureCounters = { captured: 0, faulty: 0, dropped: 0, delivered: 0 };
/** Two seconds at 30 pictures a second: long enough to be steady, short enough to show a change. */
const DELAY_WINDOW = 64;

/** Owns neither devices nor the connection: whoever set them here closes them and sets null. */
export class CallMedia {
  readonly #options: CallMediaOptions;
  readonly #captureToSendUs = createMedianWindow(DELAY_WINDOW);
  readonly #sender: FrameSender;
  readonly #lipSync: LipSync;
  #peer: Peer | null = null;
  #speaker: Speaker | null = null;
  #camera: OpenCamera | null = null;
  /** Of cameras that were closed in this call. */
  #pastCamera = NOTHING_CAPTURED;
  #sent = 0;
  #received = 0;
  #microphonePeak = 0;
  #speakerPeak = 0;
  /** Public, since the mute command goes straight to it. */
  microphone: Microphone | null = null;

  constructor(options: CallMediaOptions) {
    this.#options = options;
    this.#lipSync = new LipSync({ show: (frame) => options.showFrame("remote", frame) });
    this.#sender = new FrameSender({
      createScaler: options.createScaler,
      send: (picture) => this.#send(picture),
      nowMs: () => options.nowUs() / 1000,
      onError: options.onError,
    });
  }

  /**
   * Null while there is no connection; microphone blocks are dropped then, and pictures go to the page alone.
   */
  set peer(peer: Peer | null) {
    this.#peer = peer;
    this.#listenIfHeard();
  }

  get peer(): Peer | null {
    return this.#peer;
  }

  /** Remote blocks are dropped while there is none. */
  set speaker(speaker: Speaker | null) {
    this.#speaker = speaker;
    this.#listenIfHeard();
  }

  get #isHeard(): boolean {
    return this.#speaker !== null && this.#speaker.deviceId !== NONE_ID;
  }

  #listenIfHeard(): void {
    this.#peer?.setAudioReceiving(this.#isHeard);
  }

  /** @param behindMs of the remote sound against the remote picture; null unless both flow */
  updateAvOffset(behindMs: number | null): void {
    this.#lipSync.update(this.#isHeard ? behindMs : null);
  }

  /** By how much remote pictures are held back now, so that lips fit the sound. */
  pictureHoldMs(): number {
    return Math.round(10 * this.#lipSync.holdMs) / 10;
  }

  /** The last one's counts are kept, so that a change of camera does not set the call's sums back. */
  set camera(camera: OpenCamera | null) {
    if (this.#camera && camera !== this.#camera) {
      this.#pastCamera = addCounters(this.#pastCamera, this.#camera.counters());
    }
    this.#camera = camera;
  }

  /** Borrows the frame until it returns; whoever shows it longer retains it. */
  cameraFrame(frame: VideoFrame): void {
    if (this.#peer) this.#sender.offer(frame);
    this.#options.showFrame("local", frame);
  }

  /** From now on no more than this share of the camera's pictures is sent. */
  limitSending(share: VideoShare): void {
    this.#sender.limit(share, this.captureFormat().fps);
  }

  /** What the camera gives; before it is open, what it will be asked for. */
  captureFormat(): { width: number; height: number; fps: number } {
    const { width, height, fps } = this.#camera?.mode ?? this.#options.captureConstraints();
    return { width, height, fps };
  }

  /** What is sent at most; nothing without a camera. */
  sendFormat(): { width: number; height: number; fps: number } {
    const { scale, rate } = this.#sender.share;
    if (!this.#camera || rate === 0) return { width: 0, height: 0, fps: 0 };
    const mode = this.captureFormat();
    return { ...scaledSize(mode, scale), fps: Math.round(mode.fps * rate) };
  }

  /** The call is over: nothing is held any more. */
  stop(): void {
    this.#sender.stop();
    this.#lipSync.stop();
  }

  /** @param block 10 ms of mono at 48 kHz */
  microphoneBlock(block: Int16Array): void {
    this.#microphonePeak = Math.max(this.#microphonePeak, peakLevel(block));
    this.#peer?.sendAudio(block);
  }

  remoteFrame(frame: VideoFrame): void {
    this.#received += 1;
    this.#lipSync.offer(frame);
  }

  /** @param block 10 ms of mono at `sampleRate`, in hertz */
  remoteBlock(block: Int16Array, sampleRate: number): void {
    this.#speakerPeak = Math.max(this.#speakerPeak, peakLevel(block));
    this.#speaker?.play(block, sampleRate);
  }

  #send(picture: VideoFrame): void {
    if (!this.#peer) return;
    this.#peer.sendVideo(picture);
    this.#sent += 1;
    this.#captureToSendUs.add(this.#options.nowUs() - picture.capturedAtUs);
  }

  /** Peaks since the last call of this, 0 to 1. */
  takeLevels(): { microphone: number; speaker: number } {
    const levels = { microphone: this.#microphonePeak, speaker: this.#speakerPeak };
    this.#microphonePeak = 0;
    this.#speakerPeak = 0;
    return levels;
  }

  /** Reads the open camera's counters at this moment. */
  counts(): MediaCounts {
    const camera = this.#camera ? addCounters(this.#pastCamera, this.#camera.counters()) : this.#pastCamera;
    return {
      captured: camera.captured,
      captureDropped: camera.dropped + camera.faulty,
      sent: this.#sent,
      received: this.#received,
    };
  }

  /** Median of the last pictures, milliseconds; null before the first. */
  captureToSendMs(): number | null {
    const medianUs = this.#captureToSendUs.median();
    return medianUs === null ? null : medianUs / 1000;
  }
}

function addCounters(a: CaptureCounters, b: CaptureCounters): CaptureCounters {
  return {
    captured: a.captured + b.captured,
    faulty: a.faulty + b.faulty,
    dropped: a.dropped + b.dropped,
    delivered: a.delivered + b.delivered,
  };
}
