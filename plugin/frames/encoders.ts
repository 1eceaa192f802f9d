// Encodes a stream's frames to base64 text for a line, or to a JPEG's bytes. Each stream has its own encoder, because the
// returned buffer is in use until the frame is written. The addon's workers and the PNG worker do the work.

import type { JpegOptions, Native, VideoFrame } from "../../native/types.ts";
import type { EncodedBytes } from "./frame-stream.ts";
import type { PngEncoder } from "./png-encoder.ts";

type Encode = (frame: VideoFrame) => Promise<EncodedBytes>;
/** The largest width of an encoded frame. */
type WidthLimit = (frame: VideoFrame) => number;
type Encoders = Pick<Native, "createJpegEncoder">;

export function createPngTextEncoder(png: PngEncoder, maxWidthFor: WidthLimit): Encode {
  return async (frame) => {
    const { base64, width, height } = await png.encode(frame, maxWidthFor(frame));
    return { bytes: base64, width, height };
  };
}

export function createJpegTextEncoder(native: Encoders, maxWidthFor: WidthLimit, quality: number): Encode {
  const encoder = native.createJpegEncoder();
  return async (frame) => {
    const options = { maxWidth: maxWidthFor(frame), quality };
    const own = ownJpeg(frame, options);
    if (own) return { bytes: await encoder.textOf(own), width: frame.width, height: frame.height };
    const { base64, width, height } = await encoder.encode(frame, options);
    return { bytes: base64, width, height };
  };
}

export function createJpegBytesEncoder(native: Encoders, maxWidthFor: WidthLimit, quality: number): Encode {
  const encoder = native.createJpegEncoder();
  return async (frame) => {
    const options = { maxWidth: maxWidthFor(frame), quality };
    const own = ownJpeg(frame, options);
    // Copied, because the camera's buffer is released before the bytes are written. 50 kB take ten microseconds.
    if (own) return { bytes: own.slice(), width: frame.width, height: frame.height };
    const { jpeg, width, height } = await encoder.compress(frame, options);
    return { bytes: jpeg, width, height };
  };
}

/** Passes the camera's own JPEG on if it is upright and not too wide: the quality is better, and encoding costs nothing. */
function ownJpeg(
  { width, jpeg, rotation = 0 }: VideoFrame,
  { maxWidth }: JpegOptions,
): Uint8Array | undefined {
  return width > maxWidth || rotation !== 0 ? undefined : jpeg;
}
