// What the addon offers, in types. Pixels stay in native memory or in pooled buffers; JavaScript passes them on.

import type { VoiceProcessor, VoiceSettings } from "./voice.ts";

/**
 * One picture in I420: the Y plane, then U, then V, no padding, chroma sizes rounded up.
 * `data` is the only view of its ArrayBuffer, because WebRTC's source reads the whole of it.
 * The buffer is lent: it may be written again after `release()` has been called as often as it was
 * handed over (once) plus `retain()`ed. A consumer that goes on using it after its callback returned retains it.
 */
export interface VideoFrame {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
  /**
   * The same picture as the camera's own JPEG, where the camera makes JPEG; lent like `data`. From start to end marker,
   * with Huffman tables even where the camera leaves out the standard ones.
   */
  readonly jpeg?: Uint8Array | undefined;
  /** Unix time of the capture in microseconds. */
  readonly capturedAtUs: number;
  retain(): void;
  release(): void;
}

export interface CameraMode {
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  /** V4L2 fourcc such as YUYV or MJPG; I420 for the pattern. */
  readonly fourcc: string;
}

export interface CameraInfo {
  /** Device node, such as /dev/video0. It may name another camera after a restart; `id` does not. */
  readonly path: string;
  /** /dev/v4l/by-id/… where udev made one, else the bus information with the card's name. */
  readonly id: string;
  /** What else this camera may have been remembered by: its other lasting names, the bus information with its name. */
  readonly otherIds: readonly string[];
  readonly name: string;
  readonly modes: readonly CameraMode[];
}

export interface CaptureCounters {
  /** Pictures that the device delivered. */
  readonly captured: number;
  /** Of these: marked faulty by the driver or not decodable. */
  readonly faulty: number;
  /** Of these: overtaken by a newer one, or no free buffer. */
  readonly dropped: number;
  /** Of these: handed to `onFrame`. captured = faulty + dropped + delivered + at most one waiting. */
  readonly delivered: number;
}

export interface CaptureCallbacks {
  /** The frame is released when this returns, unless it was retained. Never called after `close()` resolved. */
  onFrame(frame: VideoFrame): void;
  /** Capture ended by itself: unplugged or failed. `close()` is still owed. */
  onError(error: CaptureError): void;
}

export interface Capture {
  readonly mode: CameraMode;
  counters(): CaptureCounters;
  /** Stops the thread, unmaps and closes the device. Idempotent. */
  close(): Promise<void>;
}

export interface CaptureConstraints {
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  /** Only modes of this V4L2 format; without it any that can be converted. The pattern ignores it. */
  readonly fourcc?: string;
}

/** A failed system call: which one, on what, and the errno's name. */
export interface CaptureErrorDetails {
  /** Such as VIDIOC_STREAMON, or open. */
  readonly operation: string;
  /** Such as EBUSY; empty where no system call failed. */
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
  /** Pixels; a wider picture is scaled down, its shape kept, sizes rounded to even. */
  readonly maxWidth: number;
  /** 1 to 100. */
  readonly quality: number;
}

export interface EncodedFrame {
  /** Base64 text in ASCII; a view of a buffer that the next `encode` on the same encoder writes again. */
  readonly base64: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** The same without the text, for ways that carry bytes. */
export interface CompressedFrame {
  /** A view of a buffer that the next `compress` on the same encoder writes again. */
  readonly jpeg: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** JPEG, and base64 in one go, on a worker thread. One picture at a time on each encoder. */
export interface JpegEncoder {
  encode(picture: Pick<VideoFrame, "data" | "width" | "height">, wish: JpegOptions): Promise<EncodedFrame>;
  compress(
    picture: Pick<VideoFrame, "data" | "width" | "height">,
    wish: JpegOptions,
  ): Promise<CompressedFrame>;
  /** Only the base64 text of a JPEG that is there already; valid as that of `encode` is. */
  textOf(jpeg: Uint8Array): Promise<Uint8Array>;
}

/** Scales on a worker thread. One picture at a time on each scaler. */
export interface FrameScaler {
  /** An I420 picture of that size, the only view of its buffer, which the next `scale` writes again. Sizes in pixels. */
  scale(
    picture: Pick<VideoFrame, "data" | "width" | "height">,
    width: number,
    height: number,
  ): Promise<Uint8Array>;
}

/** The time stamp that the test pattern carries; see native/README.md for its layout. */
export interface PatternStamp {
  /** Unix time in units of 100 µs, modulo 2³². */
  readonly ticks: number;
  /** Modulo 2¹⁶. */
  readonly sequence: number;
}

export interface Native {
  listCameras(): CameraInfo[];
  openCamera(path: string, wish: CaptureConstraints, callbacks: CaptureCallbacks): Promise<Capture>;
  openPattern(wish: CaptureConstraints, callbacks: CaptureCallbacks): Promise<Capture>;
  createJpegEncoder(): JpegEncoder;
  createScaler(): FrameScaler;
  /** @throws Error when libwebrtc-audio-processing cannot be set up. */
  createVoiceProcessor(settings: VoiceSettings): VoiceProcessor;
  /** I420 to RGBA on a worker thread, for lossless pictures. */
  toRgba(picture: Pick<VideoFrame, "data" | "width" | "height">): Promise<Uint8Array>;
  /** Reads the pattern's stamp back out of an I420 picture; null where there is none or it is damaged. */
  readStamp(picture: Pick<VideoFrame, "data" | "width" | "height">): PatternStamp | null;
  /**
   * Duplicates fd 1 (close-on-exec) and points fd 1 at fd 2, so that what native libraries print cannot reach
   * the protocol. Returns the duplicate. dup(2), dup2(2).
   */
  protectStdout(): number;
  /**
   * Bounds how many arenas glibc's malloc keeps; to be called before other libraries start their threads. With the
   * default of eight for each core, the memory that WebRTC's threads free stays spread over all of them. mallopt(3).
   */
  limitMallocArenas(arenas: number): void;
  /** Asks the kernel to send SIGKILL when the parent dies: prctl(2), PR_SET_PDEATHSIG. */
  dieWithParent(): void;
  /**
   * A TCP socket on a free port of 127.0.0.1 for Node's `listen({ fd })`, which owns it from then on. Its connections are
   * reset whenever they are closed, also by the end of the process, so that no reader takes that for the end of what
   * it reads: SO_LINGER, socket(7). @returns the descriptor. @throws Error naming the call that failed
   */
  openResettingListener(): number;
}
