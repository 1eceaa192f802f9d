// The addon's types. Pixels stay in native memory or pooled buffers, which JavaScript only passes on.

import type { AlsaFormat, Resampler } from "./sound-device.ts";
import type { SoundServerCallbacks, SoundServerConnection, SoundServerOptions } from "./sound-server.ts";
import type { VoiceProcessor, VoiceSettings } from "./voice.ts";

/** A clockwise turn in degrees. */
export type Rotation = 0 | 90 | 180 | 270;

/**
 * A frame in I420: the Y plane, then U, then V, without padding, chroma sizes rounded up.
 * `data` covers its whole ArrayBuffer, because WebRTC's source reads all of it.
 * The buffer is lent. A callback that receives the frame holds it once until it returns. A consumer that keeps the frame
 * longer calls `retain()`, and later `release()`. The buffer is reused after the last release.
 */
export interface VideoFrame {
  /** In pixels, of `data` as it is stored. {@link uprightSize} is the size for users. */
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
  /**
   * The same frame as the camera's own JPEG, if the camera makes JPEG and every row was decoded; lent like `data`. It is one
   * standard picture from start to end marker, even if the camera omits tables, adds bytes or pads it.
   */
  readonly jpeg?: Uint8Array | undefined;
  /**
   * The turn that makes the frame upright; absent for none. A phone's camera is built in sideways, and its frames travel as they
   * are. Encoders turn them: RFC 7742, section 4, and 3GPP TS 26.114, section 7.4.5.
   */
  readonly rotation?: Rotation | undefined;
  /** Unix time of the capture in microseconds. */
  readonly capturedAtUs: number;
  retain(): void;
  release(): void;
}

/** The size of a frame after its rotation, in pixels. */
export function uprightSize({
  width,
  height,
  rotation = 0,
}: Pick<VideoFrame, "width" | "height" | "rotation">): { width: number; height: number } {
  return rotation % 180 === 0 ? { width, height } : { width: height, height: width };
}

export interface CameraMode {
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  /** V4L2 fourcc such as YUYV or MJPG; I420 for the test pattern. */
  readonly fourcc: string;
}

export interface CameraInfo {
  /** Device node, such as /dev/video0. After a restart it may name another camera; `id` does not. */
  readonly path: string;
  /** The udev link /dev/v4l/by-id/…, or else the bus information with the card's name. */
  readonly id: string;
  /** Other ids that settings may hold for this camera: its other stable names, and the bus information with its name. */
  readonly otherIds: readonly string[];
  readonly name: string;
  /** Those that can be shown. None for a camera that this user may not open, and for one that offers `otherFormats` only. */
  readonly modes: readonly CameraMode[];
  /** V4L2 fourccs of what a camera without modes offers, such as H264, or raw data of a sensor that is not set up. */
  readonly otherFormats?: readonly string[];
  /** Where its device is plugged in. Nodes of one device share it. Absent or empty where it is not known. */
  readonly bus?: string;
}

export interface CaptureCounters {
  /** Frames that the device delivered. */
  readonly captured: number;
  /** Captured frames of which nothing could be shown: the driver marked them, or less than half of their rows came. */
  readonly faulty: number;
  /** Captured frames that a newer frame replaced, or that had no free buffer. */
  readonly dropped: number;
  /** Captured frames passed to `onFrame`. captured = faulty + dropped + delivered + at most one waiting. */
  readonly delivered: number;
  /** Frames as the standard wants them. The qualities count every frame that was read, whatever became of it. */
  readonly whole: number;
  /** Frames that deviate from the standard, but of which every row was decoded. */
  readonly repaired: number;
  /** Frames with missing or wrong rows: the faulty ones, and those shown with rows of the frame before. */
  readonly damaged: number;
  /** Frames with each fault. A frame may have several. */
  readonly faults: Readonly<Partial<Record<FrameFault, number>>>;
}

/** Deviations of a camera's frames; native/frame-faults.ts has a sentence for each. The addon's names. */
export const FRAME_FAULTS = [
  "bytesBeforeRestart",
  "restartNumbers",
  "restartInterval",
  "noEndMarker",
  "bytesBeforeEnd",
  "noStartMarker",
  "bytesBeforeStart",
  "strayBytes",
  "sizeInHeader",
  "markedByDriver",
  "cutShort",
  "wrongData",
  "lostPart",
  "otherSize",
  "unsupported",
  "notJpeg",
  "tooShort",
] as const;
export type FrameFault = (typeof FRAME_FAULTS)[number];

export interface CaptureCallbacks {
  /** The frame is released when the callback returns, unless retained. Never called after `close()` resolved. */
  onFrame(frame: VideoFrame): void;
  /** The device was unplugged or failed. The owner must still call `close()`. */
  onError(error: CaptureError): void;
}

export interface Capture {
  readonly mode: CameraMode;
  /** What is done to the frames of this device, and which of its driver's figures are not used: "it sends fields one by one, …". */
  readonly notes: readonly string[];
  counters(): CaptureCounters;
  /** Stops the thread, unmaps and closes the device. Idempotent. */
  close(): Promise<void>;
}

export interface CaptureConstraints {
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  /** Restricts the modes to this V4L2 format. The test pattern ignores it. */
  readonly fourcc?: string;
}

/** A monitor or a window that can be captured. */
export interface ShareableScreen {
  /** Valid while the monitor or window exists: "monitor:DP-1", "window:0x1c00007", or "display" for all monitors. */
  readonly id: string;
  /** The monitor's output or the window's title; empty for all monitors. */
  readonly name: string;
  readonly kind: "monitor" | "window";
  /** The user's main monitor. */
  readonly isPrimary: boolean;
  /** In pixels. */
  readonly width: number;
  readonly height: number;
}

/** A failed system call: its name, its path and the errno's name. */
export interface CaptureErrorDetails {
  /** Such as VIDIOC_STREAMON, or open. */
  readonly operation: string;
  /** Such as EBUSY; empty when no system call failed. */
  readonly errno: string;
  readonly path: string;
}

export class CaptureError extends Error implements CaptureErrorDetails {
  override readonly name = "CaptureError";
  readonly operation: string;
  readonly errno: string;
  readonly path: string;

  constructor(message: string, details: CaptureErrorDetails) {
    super(message);
    this.operation = details.operation;
    this.errno = details.errno;
    this.path = details.path;
  }
}

export interface JpegOptions {
  /** In pixels of the upright frame. A wider frame is scaled down, with its aspect ratio kept and sizes rounded to even. */
  readonly maxWidth: number;
  /** 1 to 100. */
  readonly quality: number;
}

/** The frame that every encoder reads. It is turned upright first. */
type FrameToEncode = Pick<VideoFrame, "data" | "width" | "height" | "rotation">;

export interface EncodedFrame {
  /** Base64 text in ASCII: a view of a buffer that the next `encode` of the same encoder overwrites. */
  readonly base64: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** A JPEG as bytes, for binary deliveries. */
export interface CompressedFrame {
  /** A view of a buffer that the next `compress` of the same encoder overwrites. */
  readonly jpeg: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Encodes JPEG and base64 on a worker thread, one frame at a time for each encoder. */
export interface JpegEncoder {
  encode(frame: FrameToEncode, options: JpegOptions): Promise<EncodedFrame>;
  compress(frame: FrameToEncode, options: JpegOptions): Promise<CompressedFrame>;
  /** Makes base64 text of an existing JPEG. The result is valid as long as that of `encode`. */
  textOf(jpeg: Uint8Array): Promise<Uint8Array>;
}

/** Scales on a worker thread, one frame at a time for each scaler. */
export interface FrameScaler {
  /** Sizes in pixels. @returns an I420 frame that covers its whole buffer, which the next `scale` overwrites */
  scale(
    frame: Pick<VideoFrame, "data" | "width" | "height">,
    width: number,
    height: number,
  ): Promise<Uint8Array>;
}

/** The time stamp in the test pattern. native/README.md describes its layout. */
export interface PatternStamp {
  /** Unix time in units of 100 µs, modulo 2³². */
  readonly ticks: number;
  /** Modulo 2¹⁶. */
  readonly sequence: number;
}

export interface Native {
  /** The libraries that the addon was built with, by the names of their projects, such as libyuv. */
  libraryVersions(): Readonly<Record<string, string>>;
  listCameras(): CameraInfo[];
  openCamera(path: string, constraints: CaptureConstraints, callbacks: CaptureCallbacks): Promise<Capture>;
  openPattern(constraints: CaptureConstraints, callbacks: CaptureCallbacks): Promise<Capture>;
  createJpegEncoder(): JpegEncoder;
  createScaler(): FrameScaler;
  /** @throws Error when libwebrtc-audio-processing cannot be set up. */
  createVoiceProcessor(settings: VoiceSettings): VoiceProcessor;
  /** Converts I420 to upright RGBA on a worker thread, for PNG. */
  toRgba(frame: FrameToEncode): Promise<Uint8Array>;
  /** Reads the pattern's stamp from an I420 frame; null when it is missing or damaged. */
  readStamp(frame: Pick<VideoFrame, "data" | "width" | "height">): PatternStamp | null;
  /**
   * Duplicates fd 1 (close-on-exec) and points fd 1 at fd 2, so that output of native libraries cannot reach the protocol.
   * dup(2), dup2(2). @returns the duplicate
   */
  protectStdout(): number;
  /**
   * Limits the arenas of glibc's malloc. Call it before other libraries start their threads. With the default of eight for
   * each core, memory freed by WebRTC's threads stays spread over all of them. mallopt(3).
   */
  limitMallocArenas(arenas: number): void;
  /** Gives memory that malloc keeps free back to the system, on a worker thread, in a few ms. malloc_trim(3). Never rejects. */
  releaseFreeMemory(): Promise<void>;
  /**
   * Before a program is started: it inherits no descriptor but those that it is given. Libraries open theirs without the mark,
   * libwebrtc its sockets. close_range(2).
   */
  closeOnExec(): void;
  /** Makes the kernel send SIGKILL when the parent dies: prctl(2), PR_SET_PDEATHSIG. */
  dieWithParent(): void;
  /**
   * Before a thread of this process gets real time: allows what the hard RLIMIT_RTPRIO allows, and limits how long such a thread
   * may run without a pause, in µs of processor time. At the soft limit every thread loses its real time and a line on stderr says
   * so. At the hard one the kernel kills the process. setrlimit(2), RLIMIT_RTTIME.
   */
  guardRealTime(softUs: number, hardUs: number): void;
  /**
   * Keeps libraries from taking real time by themselves: sets the soft RLIMIT_RTPRIO to 0. libwebrtc would give its picture threads
   * a higher priority than its sound threads. Call it before libwebrtc is loaded.
   */
  withholdRealTime(): void;
  /**
   * Gives a thread of this user real time: SCHED_RR, sched_setscheduler(2). @param tid gettid(2). @param priority 1 to 99.
   * @throws Error with `errno` "EPERM" where the limits of the thread's process do not allow it
   */
  setRealTime(tid: number, priority: number): void;
  /**
   * Sets the niceness of one thread and takes real time from it: sched_setattr(2). What it starts does not inherit a raised one.
   * Since Linux 6.12 its turn also comes sooner, because it asks for little time at once; that needs no right.
   * @param nice -20 to 19. @throws Error with `errno` "EPERM" where the limits do not allow it
   */
  setNiceness(tid: number, nice: number): void;
  /**
   * Opens a TCP socket on a free port of 127.0.0.1 for Node's `listen({ fd })`, which then owns it. Its connections are
   * reset when they close, also by the end of the process, so that no reader mistakes that for the end of the content:
   * SO_LINGER, socket(7). @returns the descriptor. @throws Error that names the failed call
   */
  openResettingListener(): number;
  /**
   * Opens a PCM of ALSA, asks for its formats and closes it. No sound passes. Blocks for some milliseconds.
   * @param name as for aplay(1), such as hw:1,0
   * @returns the usual rates that the device has without ALSA's conversion, the preferred ones first
   * @throws Error with ALSA's reason, such as a busy device
   */
  alsaFormats(name: string, direction: "microphone" | "speaker"): AlsaFormat[];
  /** @param fromRate in Hz, as `toRate`. @throws Error with the library's reason */
  createResampler(fromRate: number, toRate: number): Resampler;
  /** Connects to the sound server and reports its devices and changes, from a thread of its own. Needs libpulse at run time. */
  openSoundServer(options: SoundServerOptions, callbacks: SoundServerCallbacks): SoundServerConnection;
}
