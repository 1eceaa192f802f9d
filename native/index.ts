// The addon's façade: checks arguments, and returns typed results and lent frames.

import { type Binding, type BoundEncoder, type BoundScaler, loadBinding } from "./binding.ts";
import { openCapture } from "./capture.ts";
import { checkedConstraints, checkedNumber, MAX_CAPTURE_SIDE } from "./checked-arguments.ts";
import { openServer } from "./sound-server.ts";
import type {
  Capture,
  CaptureCallbacks,
  CaptureConstraints,
  CompressedFrame,
  EncodedFrame,
  FrameScaler,
  JpegEncoder,
  JpegOptions,
  Native,
  VideoFrame,
} from "./types.ts";
import { openVoice } from "./voice.ts";

export * from "./sound-device.ts";
export * from "./sound-server.ts";
export * from "./types.ts";
export * from "./voice.ts";
export * from "./x11.ts";

type FramePixels = Pick<VideoFrame, "data" | "width" | "height" | "rotation">;

/** JPEG's own limit for a side, ISO 10918-1. */
const MAX_SIDE = 65_535;
/** glibc's default is eight for each core. A larger number is certainly a mistake. */
const MAX_ARENAS = 1_024;
/** A second. The kernel's own limit for all real-time threads together leaves others 5 % of each second, sched(7). */
const MAX_REAL_TIME_US = 1_000_000;
/** The kernel's PID_MAX_LIMIT, proc(5). */
const MAX_TID = 4_194_304;
/** sched(7). */
const MAX_PRIORITY = 99;
/** Twice the highest rate of usual sound cards, in Hz. */
const MAX_SAMPLE_RATE = 384_000;

let native: Native | undefined;

/** Loads the binary at the first call. @throws Error that names the missing file and the command to run */
export function loadNative(): Native {
  native ??= facadeOf(loadBinding());
  return native;
}

function facadeOf(binding: Binding): Native {
  return {
    libraryVersions: () => binding.libraryVersions(),
    listCameras: () => binding.listCameras(),
    openCamera: async (path, constraints, callbacks) => {
      if (path === "") throw new TypeError("path: empty, expected a device such as /dev/video0");
      return openDevice(binding, path, constraints, callbacks);
    },
    openPattern: async (constraints, callbacks) => openDevice(binding, "", constraints, callbacks),
    createScaler: () => scalerOf(binding.createScaler()),
    createJpegEncoder: () => new BoundJpegEncoder(binding.createEncoder()),
    createVoiceProcessor: (settings) => openVoice(binding.createVoiceProcessor, settings),
    toRgba: async ({ data, width, height, rotation = 0 }) =>
      new Uint8Array(await binding.toRgba(data, width, height, rotation)),
    readStamp: ({ data, width, height }) => binding.readStamp(data, width, height),
    protectStdout: () => binding.protectStdout(),
    closeOnExec: () => binding.closeOnExec(),
    limitMallocArenas: (arenas) => binding.limitMallocArenas(checkedNumber("arenas", arenas, 1, MAX_ARENAS)),
    releaseFreeMemory: () => binding.releaseFreeMemory(),
    dieWithParent: () => binding.dieWithParent(),
    guardRealTime: (softUs, hardUs) =>
      binding.guardRealTime(
        checkedNumber("softUs", softUs, 1, hardUs),
        checkedNumber("hardUs", hardUs, 1, MAX_REAL_TIME_US),
      ),
    withholdRealTime: () => binding.withholdRealTime(),
    setRealTime: (tid, priority) =>
      binding.setRealTime(
        checkedNumber("tid", tid, 1, MAX_TID),
        checkedNumber("priority", priority, 1, MAX_PRIORITY),
      ),
    setNiceness: (tid, nice) =>
      binding.setNiceness(checkedNumber("tid", tid, 1, MAX_TID), checkedNumber("nice", nice, -20, 19)),
    openResettingListener: () => binding.openResettingListener(),
    alsaFormats: (name, direction) => binding.alsaFormats(name, direction === "microphone"),
    createResampler: (fromRate, toRate) =>
      binding.createResampler(
        checkedNumber("fromRate", Math.round(fromRate), 1, MAX_SAMPLE_RATE),
        checkedNumber("toRate", Math.round(toRate), 1, MAX_SAMPLE_RATE),
      ),
    openSoundServer: (options, callbacks) => openServer(binding.openSoundServer, options, callbacks),
  };
}

/** @param path empty for the test pattern */
function openDevice(
  binding: Binding,
  path: string,
  constraints: CaptureConstraints,
  callbacks: CaptureCallbacks,
): Promise<Capture> {
  const { width, height, fps, fourcc = "" } = checkedConstraints(constraints);
  return openCapture(
    (listener) => binding.openCapture(path, width, height, fps, fourcc, listener),
    callbacks,
  );
}

class BoundJpegEncoder implements JpegEncoder {
  readonly #bound: BoundEncoder;

  constructor(bound: BoundEncoder) {
    this.#bound = bound;
  }

  async encode(
    { data, width, height, rotation = 0 }: FramePixels,
    options: JpegOptions,
  ): Promise<EncodedFrame> {
    const { maxWidth, quality } = checkedJpegOptions(options);
    const made = await this.#bound.encode(data, width, height, maxWidth, quality, rotation);
    return { base64: new Uint8Array(made.buffer, 0, made.length), width: made.width, height: made.height };
  }

  async compress(
    { data, width, height, rotation = 0 }: FramePixels,
    options: JpegOptions,
  ): Promise<CompressedFrame> {
    const { maxWidth, quality } = checkedJpegOptions(options);
    const made = await this.#bound.compress(data, width, height, maxWidth, quality, rotation);
    return { jpeg: new Uint8Array(made.buffer, 0, made.length), width: made.width, height: made.height };
  }

  async textOf(jpeg: Uint8Array): Promise<Uint8Array> {
    const made = await this.#bound.text(jpeg);
    return new Uint8Array(made.buffer, 0, made.length);
  }
}

function scalerOf(bound: BoundScaler): FrameScaler {
  return {
    async scale({ data, width, height }, targetWidth, targetHeight) {
      const toWidth = checkedNumber("width", Math.floor(targetWidth), 2, MAX_CAPTURE_SIDE);
      const toHeight = checkedNumber("height", Math.floor(targetHeight), 2, MAX_CAPTURE_SIDE);
      return new Uint8Array(await bound.scale(data, width, height, toWidth, toHeight));
    },
  };
}

function checkedJpegOptions({ maxWidth, quality }: JpegOptions): JpegOptions {
  return {
    maxWidth: checkedNumber("maxWidth", Math.floor(maxWidth), 2, MAX_SIDE),
    quality: checkedNumber("quality", Math.round(quality), 1, 100),
  };
}
