// Connects one call's devices, its WebRTC connection and the host's page: frames and audio blocks pass through here and
// are counted. Pixels and samples are not touched.

import { addCounters, NOTHING_CAPTURED } from "../../native/frame-faults.ts";
import type { CaptureConstraints, FrameScaler, VideoFrame } from "../../native/types.ts";
import type { FrameSource } from "../../rpc-schema/index.ts";
import { type Measured, type MediaState, screenShareOf, type VideoShare } from "../../statecharts/index.ts";
import type { OpenCamera } from "../camera/camera.ts";
import type { Clock } from "../common/clock.ts";
import type { FrameContent } from "../frames/frames.ts";
import type { Peer, VideoContent } from "../peer/peer.ts";
import type { CapturedScreen } from "../screen/screens.ts";
import { peakLevel } from "../sound/level.ts";
import { type DeviceStatus, type Microphone, NONE_ID, type Speaker } from "../sound/sound.ts";
import { LipSync } from "./lip-sync.ts";
import { createMedianWindow } from "./median-window.ts";
import { FrameSender, scaledSize } from "./sending/frame-sender.ts";
import { LinkFollower, type LinkUse } from "./sending/link-follower.ts";
import { Placeholder } from "./sending/placeholder.ts";
import { Silence } from "./sending/silence.ts";
import { StillScreen } from "./sending/still-screen.ts";

export interface CallMediaOptions {
  /** Offers a frame to the host's page. */
  showFrame(source: FrameSource, frame: VideoFrame): void;
  /** What the host's page sees of this side changes: earlier frames are not shown again. Idempotent. */
  setLocalContent(content: FrameContent): void;
  /** Unix time in microseconds. */
  nowUs(): number;
  createScaler(): FrameScaler;
  /** The settings' frame size and rate. */
  captureConstraints(): CaptureConstraints;
  /** A frame could not be scaled. */
  onError(error: unknown): void;
  /** Of placeholder and silence; the system's unless given. */
  readonly clock?: Clock;
}

/** Frames since the start of the call, over all cameras and screens that it used. */
export interface MediaCounts {
  readonly captured: number;
  /** Frames that a newer one replaced, and those of `captureFaulty`. */
  readonly captureDropped: number;
  /** Too damaged to be shown. */
  readonly captureFaulty: number;
  /** Frames of which some rows are damaged: `captureFaulty`, and those that were shown. */
  readonly captureDamaged: number;
  /** Frames that deviate from the standard, but were shown whole. */
  readonly captureRepaired: number;
  /** Camera frames given to WebRTC's source, which may still drop frames to keep its bit rate. */
  readonly sent: number;
  /** Black pictures given to WebRTC's source instead of camera frames. */
  readonly placeholders: number;
  /** Decoded frames from WebRTC's sink. */
  readonly received: number;
}

/** Two seconds at 30 frames a second: long enough to be steady, short enough to show a change. */
const DELAY_WINDOW = 64;

/** Does not own the devices or the connection: the effect that sets one here closes it and sets null. */
export class CallMedia {
  readonly #options: CallMediaOptions;
  readonly #captureToSendUs = createMedianWindow(DELAY_WINDOW);
  readonly #sender: FrameSender;
  readonly #lipSync: LipSync;
  readonly #placeholder: Placeholder;
  readonly #silence: Silence;
  readonly #stillScreen: StillScreen;
  #peer: Peer | null = null;
  #link: LinkFollower | null = null;
  #placeholderMs: () => number | null = () => null;
  #isConnected = false;
  /** Since the connection was first established: an outage must leave no gap in our sound either. */
  #wasConnected = false;
  /** The stamps of our sound begin with its first block. */
  #hadSound = false;
  /** Camera frames reach the peer's source, so no placeholder runs. */
  #isCameraSending = false;
  #speaker: Speaker | null = null;
  #camera: OpenCamera | null = null;
  /** Its frames replace the camera's. */
  #screen: CapturedScreen | null = null;
  /** Of the camera's frames; a screen gets the same in its own way. */
  #share: VideoShare = { scale: 1, rate: 1 };
  /** Counters of the cameras and screens that this call has closed. */
  #past = NOTHING_CAPTURED;
  #sent = 0;
  #received = 0;
  #microphonePeak = 0;
  #speakerPeak = 0;
  /** Null: the microphone is not muted, or has reported no level since the last reading. */
  #mutedPeak: number | null = null;
  /** Public, because the mute command goes to the microphone directly. */
  microphone: Microphone | null = null;
  /** Gets each block of the open microphone too, which belongs to the caller; null: nobody records. */
  recorder: ((block: Int16Array) => void) | null = null;
  /** What the sound server last reported about each open device; absent where nothing is unusual. */
  readonly soundStatus: Partial<Record<"microphone" | "speaker", DeviceStatus>> = {};
  /** What the charts last reported for the other side; null before the first report. */
  reportedState: MediaState | null = null;

  constructor(options: CallMediaOptions) {
    this.#options = options;
    this.#lipSync = new LipSync({ show: (frame) => options.showFrame("remote", frame) });
    this.#sender = new FrameSender({
      createScaler: options.createScaler,
      send: (frame) => this.#send(frame),
      nowMs: () => options.nowUs() / 1000,
      onError: options.onError,
    });
    this.#placeholder = new Placeholder({
      send: (picture) => this.#peer?.sendVideo(picture),
      intervalMs: () => (this.#mayPlaceholder() ? this.#placeholderMs() : null),
      ...(options.clock ? { clock: options.clock } : {}),
    });
    this.#stillScreen = new StillScreen({
      send: (frame) => (this.#peer ? this.#sender.offer(frame) : 0),
      intervalMs: () => (this.#mayPlaceholder() ? this.#placeholderMs() : null),
      ...(options.clock ? { clock: options.clock } : {}),
    });
    this.#silence = new Silence({
      send: (block) => this.#peer?.sendAudio(block),
      isNeeded: () => this.#needsSilence(),
      ...(options.clock ? { clock: options.clock } : {}),
    });
  }

  /**
   * Begins to use a connection, which is not established yet.
   * @param placeholderMs the interval of placeholders that the peer needs, as far as it is known by now; null: none
   */
  attachPeer(peer: Peer, placeholderMs: () => number | null): void {
    this.#peer = peer;
    this.#link = new LinkFollower(peer, this.#options.clock);
    this.#placeholderMs = placeholderMs;
    this.#isConnected = false;
    this.#wasConnected = false;
    this.#hadSound = false;
    this.#isCameraSending = false;
    this.#updateAudioReceiving();
    if (this.#screen) this.#setContent("screen");
  }

  /** Without a connection audio blocks are dropped, and frames go to the page only. */
  detachPeer(): void {
    this.#peer = null;
    this.#link = null;
    this.#isConnected = false;
    this.#placeholder.stop();
    this.#silence.stop();
  }

  /** Tells whether the media path stands at present. */
  set isConnected(isConnected: boolean) {
    this.#isConnected = isConnected;
    this.#wasConnected ||= isConnected;
    if (isConnected) this.#stillScreen.repeat();
    this.#updatePlaceholder();
    this.#updateSilence();
  }

  /** The negotiated directions have changed. */
  directionsChanged(): void {
    this.#updatePlaceholder();
    this.#updateSilence();
  }

  get peer(): Peer | null {
    return this.#peer;
  }

  /** Remote audio blocks are dropped while there is no speaker. */
  set speaker(speaker: Speaker | null) {
    this.#speaker = speaker;
    this.#updateAudioReceiving();
  }

  get #hasListener(): boolean {
    return this.#speaker !== null && this.#speaker.deviceId !== NONE_ID;
  }

  #updateAudioReceiving(): void {
    this.#peer?.setAudioReceiving(this.#hasListener);
  }

  /** @param offsetMs delay of the remote audio behind the remote video; null unless both flow */
  updateAvOffset(offsetMs: number | null): void {
    this.#lipSync.update(this.#hasListener ? offsetMs : null, this.#speaker?.delayMs ?? 0);
  }

  /** A second of the connection was measured: what is sent follows what the link carries. */
  async linkMeasured(second: Measured, use: Omit<LinkUse, "isPictureAwaited">): Promise<void> {
    const isPictureAwaited = this.#hasSource && this.#share.rate === 0;
    await this.#link?.measured(second, { ...use, isPictureAwaited });
  }

  /** The delay of remote frames for lip sync. */
  pictureHoldMs(): number {
    return Math.round(10 * this.#lipSync.holdMs) / 10;
  }

  /** Adds the old camera's counters to the sums of the call, which a switch of cameras must not reset. */
  set camera(camera: OpenCamera | null) {
    if (this.#camera && camera !== this.#camera) {
      this.#past = addCounters(this.#past, this.#camera.counters());
      if (!this.#screen) this.#options.setLocalContent("nothing");
    }
    this.#camera = camera;
    if (camera === null && this.#screen === null) this.#sourceEnded();
  }

  /** A screen is sent in place of the camera. */
  get isScreenShared(): boolean {
    return this.#screen !== null;
  }

  /** The screen takes the camera's place, and gives it back with null. */
  set screen(screen: CapturedScreen | null) {
    if (this.#screen && screen !== this.#screen) {
      this.#past = addCounters(this.#past, this.#screen.counters());
    }
    this.#screen = screen;
    this.#options.setLocalContent("nothing");
    this.#stillScreen.stop();
    this.#sender.stop();
    this.limitSending(this.#share);
    this.#setContent(screen ? "screen" : "camera");
    if (screen === null && this.#camera === null) this.#sourceEnded();
  }

  /** The first frame may have come before the engine was ready for it, and a screen that rests makes no other. */
  #setContent(content: VideoContent): void {
    this.#peer
      ?.setVideoContent(content)
      .then(() => this.#stillScreen.repeat())
      .catch(this.#options.onError);
  }

  #sourceEnded(): void {
    // A frame that is being scaled would follow the placeholder.
    this.#sender.stop();
    this.#isCameraSending = false;
    this.#updatePlaceholder();
  }

  /** Nothing that the camera sends can be shown. Its next frame ends the placeholder. */
  cameraInterrupted(): void {
    if (this.#screen) return;
    this.#options.setLocalContent("nothing");
    this.#isCameraSending = false;
    this.#updatePlaceholder();
  }

  #mayPlaceholder(): boolean {
    return this.#isConnected && this.#peer?.negotiatedDirections()?.video.sends === true;
  }

  #updatePlaceholder(): void {
    if (this.#isCameraSending) return;
    if (!this.#mayPlaceholder()) this.#placeholder.stop();
    else this.#placeholder.start({ isPictureExpected: this.#hasSource && this.#sender.share.rate > 0 });
  }

  /** A peer that needs placeholders expects both streams from the start on. */
  #needsSilence(): boolean {
    const isExpected = this.#hadSound || this.#placeholderMs() !== null;
    return this.#wasConnected && isExpected && this.#peer?.negotiatedDirections()?.audio.sends === true;
  }

  #updateSilence(): void {
    if (this.#needsSilence()) this.#silence.start();
    else this.#silence.stop();
  }

  get #hasSource(): boolean {
    return this.#camera !== null || this.#screen !== null;
  }

  /** Borrows the frame as `cameraFrame` does. */
  screenFrame(frame: VideoFrame): void {
    this.#stillScreen.offer(frame);
    this.#options.setLocalContent("still");
    this.#options.showFrame("local", frame);
  }

  /** Borrows the frame until it returns; a receiver that needs it longer retains it. */
  cameraFrame(frame: VideoFrame): void {
    if (this.#screen) return;
    if (this.#peer) this.#sender.offer(frame);
    this.#options.setLocalContent("moving");
    this.#options.showFrame("local", frame);
  }

  /** Limits what is sent to this share of the camera's frames. */
  limitSending(share: VideoShare): void {
    this.#share = share;
    this.#sender.limit(this.#screen ? screenShareOf(share) : share, this.captureFormat().fps);
    if (share.rate > 0) return;
    this.#isCameraSending = false;
    this.#updatePlaceholder();
  }

  /** The format of the screen or else the camera; before one is open, the format that will be requested. */
  captureFormat(): { width: number; height: number; fps: number } {
    const { width, height, fps } = (this.#screen ?? this.#camera)?.mode ?? this.#options.captureConstraints();
    return { width, height, fps };
  }

  /** The largest format that is sent; zeros without camera and screen. */
  sendFormat(): { width: number; height: number; fps: number } {
    const { scale, rate } = this.#sender.share;
    if (!this.#hasSource || rate === 0) return { width: 0, height: 0, fps: 0 };
    const mode = this.captureFormat();
    return { ...scaledSize(mode, scale), fps: Math.round(mode.fps * rate) };
  }

  /** Releases every held frame at the end of the call. */
  stop(): void {
    this.detachPeer();
    this.#stillScreen.stop();
    this.#sender.stop();
    this.#lipSync.stop();
  }

  /** @param block 10 ms of mono at 48 kHz */
  microphoneBlock(block: Int16Array): void {
    this.#microphonePeak = Math.max(this.#microphonePeak, peakLevel(block));
    if (this.#silence.microphoneBlock()) this.#peer?.sendAudio(block);
    if (!this.#hadSound && this.#peer) {
      this.#hadSound = true;
      this.#updateSilence();
    }
    this.recorder?.(block);
  }

  /** @param level peak of what the muted microphone captured and did not send, 0 to 1 */
  mutedMicrophoneLevel(level: number): void {
    this.#mutedPeak = Math.max(this.#mutedPeak ?? 0, level);
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

  #send(frame: VideoFrame): void {
    if (!this.#peer) return;
    if (!this.#isCameraSending) this.#replacePlaceholder();
    this.#peer.sendVideo(frame);
    this.#sent += 1;
    this.#captureToSendUs.add(this.#options.nowUs() - frame.capturedAtUs);
  }

  /** A camera frame is about to be sent. Before the connection it reaches nobody. */
  #replacePlaceholder(): void {
    if (!this.#isConnected) return;
    this.#isCameraSending = true;
    this.#placeholder.stop();
  }

  /** Peaks since the last call of this, 0 to 1. */
  takeLevels(): { microphone: number; speaker: number; mutedMicrophone?: number } {
    const levels = { microphone: this.#microphonePeak, speaker: this.#speakerPeak };
    const muted = this.#mutedPeak === null ? {} : { mutedMicrophone: this.#mutedPeak };
    this.#microphonePeak = 0;
    this.#speakerPeak = 0;
    this.#mutedPeak = null;
    return { ...levels, ...muted };
  }

  /** Reads the counters of what is open at this moment. */
  counts(): MediaCounts {
    const open = [this.#camera, this.#screen].filter((source) => source !== null);
    const all = open.reduce((sum, source) => addCounters(sum, source.counters()), this.#past);
    return {
      captured: all.captured,
      captureDropped: all.dropped + all.faulty,
      captureFaulty: all.faulty,
      captureDamaged: all.damaged,
      captureRepaired: all.repaired,
      sent: this.#sent,
      placeholders: this.#placeholder.count,
      received: this.#received,
    };
  }

  /** Median over the last frames, in milliseconds; null before the first. */
  captureToSendMs(): number | null {
    const medianUs = this.#captureToSendUs.median();
    return medianUs === null ? null : medianUs / 1000;
  }
}
