// When a picture has its full size: the figure that the start of a call is judged by, for plugins and for Chromium.

export interface SeenFrame {
  /** Unix milliseconds. */
  readonly atMs: number;
  readonly width: number;
}

const SECOND_MS = 1_000;
/** Of the full rate. Fewer frames are a slide show. */
const SMOOTH_SHARE = 2 / 3;

/**
 * @param frames in the order of their arrival
 * @returns milliseconds from `fromMs` to the first frame of a smooth second of full frames, after which no smaller frame
 * comes; NaN without one
 */
export function fullAfterMs(
  frames: readonly SeenFrame[],
  fromMs: number,
  { width, fps }: { readonly width: number; readonly fps: number },
): number {
  const smaller = frames.findLastIndex((frame) => frame.width < width);
  const full = frames.slice(smaller + 1).filter(({ atMs }) => atMs >= fromMs);
  const first = full.find(
    ({ atMs }) =>
      full.filter((frame) => frame.atMs >= atMs && frame.atMs < atMs + SECOND_MS).length >=
      SMOOTH_SHARE * fps,
  );
  return first === undefined ? Number.NaN : first.atMs - fromMs;
}
