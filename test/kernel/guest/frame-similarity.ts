// Converts a camera's bytes to I420 by the definition of each format, and measures the similarity of a frame to the result.
// Shares no code with the product.

export interface RawFrame {
  readonly fourcc: string;
  readonly width: number;
  readonly height: number;
  readonly bytesPerLine: number;
  readonly bytes: Uint8Array;
}

type Sample = (x: number, y: number) => number;

interface Samples {
  readonly luma: Sample;
  /** The offset of the chroma sample for two pixels of a line, on a given line of the frame. */
  readonly u: Sample;
  readonly v: Sample;
}

/** I420 without padding, chroma sizes rounded up. */
export function referenceI420(raw: RawFrame): Uint8Array {
  const { width, height } = raw;
  const { luma, u, v } = samplesOf(raw);
  const [chromaWidth, chromaHeight] = [Math.ceil(width / 2), Math.ceil(height / 2)];
  const planes: number[] = [];
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) planes.push(luma(x, y));
  for (const chroma of [u, v]) {
    for (let y = 0; y < chromaHeight; y++) {
      const below = Math.min(2 * y + 1, height - 1);
      for (let x = 0; x < chromaWidth; x++)
        planes.push(Math.round((chroma(x, 2 * y) + chroma(x, below)) / 2));
    }
  }
  return Uint8Array.from(planes);
}

function samplesOf({ fourcc, height, bytesPerLine, bytes, width }: RawFrame): Samples {
  const at = (offset: number) => bytes[offset] ?? 0;
  const packed = (lumaAt: number, uAt: number, vAt: number): Samples => {
    // A line may end in the middle of a pair. Then it uses the V before.
    const vPair = (x: number) => (4 * x + vAt < bytesPerLine || x === 0 ? x : x - 1);
    return {
      luma: (x, y) => at(y * bytesPerLine + 2 * x + lumaAt),
      u: (x, y) => at(y * bytesPerLine + 4 * x + uAt),
      v: (x, y) => at(y * bytesPerLine + 4 * vPair(x) + vAt),
    };
  };
  const luma: Sample = (x, y) => at(y * bytesPerLine + x);
  const lumaSize = bytesPerLine * height;
  const chromaLine = Math.ceil(bytesPerLine / 2);
  const chromaSize = chromaLine * Math.ceil(height / 2);
  switch (fourcc) {
    case "YUYV":
      return packed(0, 1, 3);
    case "UYVY":
      return packed(1, 0, 2);
    case "NV12": {
      const pair = (x: number, y: number) => lumaSize + (y >> 1) * bytesPerLine + 2 * x;
      return { luma, u: (x, y) => at(pair(x, y)), v: (x, y) => at(pair(x, y) + 1) };
    }
    case "YU12": {
      const sample = (x: number, y: number) => lumaSize + (y >> 1) * chromaLine + x;
      return { luma, u: (x, y) => at(sample(x, y)), v: (x, y) => at(sample(x, y) + chromaSize) };
    }
    default:
      throw new RangeError(`fourcc: ${fourcc} (${width} wide), expected a raw format`);
  }
}

/** Peak signal-to-noise ratio of the worst plane, in dB; 99 for equal planes. */
export function worstPsnrDb(frame: Uint8Array, reference: Uint8Array, width: number, height: number): number {
  if (frame.length !== reference.length) return 0;
  const luma = width * height;
  const chroma = Math.ceil(width / 2) * Math.ceil(height / 2);
  const bounds = [0, luma, luma + chroma, luma + 2 * chroma];
  const ratios = [0, 1, 2].map((plane) =>
    psnrDb(frame, reference, bounds[plane] ?? 0, bounds[plane + 1] ?? 0),
  );
  return Math.min(...ratios);
}

function psnrDb(frame: Uint8Array, reference: Uint8Array, from: number, to: number): number {
  let squares = 0;
  for (let i = from; i < to; i++) squares += ((frame[i] ?? 0) - (reference[i] ?? 0)) ** 2;
  return squares === 0 ? 99 : Math.min(99, 10 * Math.log10((255 ** 2 * (to - from)) / squares));
}
