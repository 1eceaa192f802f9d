// What a stream's pictures are made into: base64 text for a line, or a JPEG's bytes. Each stream has a coder of its own,
// because the buffer it gives out is in use until the picture was written. Touches no pixel: the addon's workers do.

import type { JpegOptions, Native, VideoFrame } from "../../native/types.ts";
import type { EncodedBytes } from "./frame-stream.ts";
import type { PngEncoder } from "./png-encoder.ts";

type Coder = (frame: VideoFrame) => Promise<EncodedBytes>;
/** How wide a picture may be. */
type Within = (frame: VideoFrame) => number;
type Encoders = Pick<Native, "createJpegEncoder">;

export function createPngTextEncoder(png: PngEncoder, within: Within): Coder {
  return async (frame) => {
    const { base64, width, height } = await png.encode(frame, within(frame));
    return { bytes: base64, width, height };
  };
}

export function createJpegTextEncoder(native: Encoders, within: Within, quality: number): Coder {
  const encoder = native.createJpegEncoder();
  return async (frame) => {
    const options = { maxWidth: within(frame), quality };
    const own = ownJpeg(frame, options);
    if (own) return { bytes: await encoder.textOf(own), width: frame.width, height: frame.height };
    const { base64, width, height } = await encoder.encode(frame, options);
    return { bytes: base64, width, height };
  };
}

export function createJpegBytesEncoder(native: Encoders, within: Within, quality: number): Coder {
  const encoder = native.createJpegEncoder();
  return async (frame) => {
    const options = { maxWidth: within(frame), quality };
    const own = ownJpeg(frame, options);
    // Copied, since the camera's buffer goes back before the bytes have left; some 50 kB take ten microseconds.
    if (own) return { bytes: own.slice(), width: frame.width, height: frame.height };
    const { jpeg, width, height } = await encoder.compress(frame, options);
    return { bytes: jpeg, width, height };
  };
}

/** A picture that the camera made a JPEG of is passed on as it is: better, and cheaper than decoding and encoding. */
function ownJpeg({ width, jpeg }: VideoFrame, { maxWidth }: JpegOptions): Uint8Array | undefined {
  return width > maxWidth ? undefined : jpeg;
}
