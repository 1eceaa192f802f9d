// Watches whether a camera's frames can be shown. While they cannot, it tries the camera's other modes: a faulty cable or
// firmware often spoils one format only.

import {
  addCounters,
  countersSince,
  damageOf,
  NOTHING_CAPTURED,
  usableFrames,
} from "../../native/frame-faults.ts";
import {
  type CameraInfo,
  type CameraMode,
  type Capture,
  type CaptureCallbacks,
  type CaptureConstraints,
  type CaptureCounters,
  CaptureError,
} from "../../native/types.ts";
import { errorText } from "../common/error-text.ts";
import type { CameraCallbacks } from "./camera.ts";

const CHECK_MS = 500;
/** Two seconds. The first frames of many cameras are damaged, and slow ones take a second to start. */
const CHECKS_WITHOUT_PICTURE = 4;
/** The first one, one of another format, and one of another size. */
const MOST_MODES = 3;
const JPEG: readonly string[] = ["MJPG", "JPEG"];
const GREY = "GREY";
/** More than two sizes of a camera differ by. */
const MOST_DOUBLINGS = 32;

/** @returns ends the repetition */
export type Repeat = (ms: number, action: () => void) => () => void;

export const repeatBySystem: Repeat = (ms, action) => {
  const timer = setInterval(action, ms).unref();
  return () => clearInterval(timer);
};

export interface UsableCaptureOptions {
  readonly camera: Pick<CameraInfo, "path" | "name" | "modes">;
  readonly constraints: CaptureConstraints;
  readonly callbacks: CameraCallbacks;
  /** Opens the camera in the mode nearest to the constraints. @throws CaptureError */
  open(constraints: CaptureConstraints, callbacks: CaptureCallbacks): Promise<Capture>;
  readonly repeat: Repeat;
}

/** Its mode and its size may change, and its counters are sums over all modes. @throws the error of `open` */
export async function openUsable(options: UsableCaptureOptions): Promise<Capture> {
  const capture = new UsableCapture(options);
  await capture.start();
  return capture;
}

class UsableCapture implements Capture {
  readonly #options: UsableCaptureOptions;
  readonly #tried: CameraMode[] = [];
  #capture: Capture | undefined;
  /** Counters of the captures in other modes. */
  #past = NOTHING_CAPTURED;
  #lastUsable = 0;
  #checksWithout = 0;
  /** The counters when a frame could be shown last. */
  #sinceUsable = NOTHING_CAPTURED;
  #isInterrupted = false;
  #isClosed = false;
  #switching: Promise<void> | undefined;
  #stopChecks: (() => void) | undefined;

  constructor(options: UsableCaptureOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    await this.#openMode(this.#options.constraints);
    this.#stopChecks = this.#options.repeat(CHECK_MS, () => this.#check());
  }

  get mode(): CameraMode {
    return this.#opened().mode;
  }

  get notes(): readonly string[] {
    return this.#opened().notes;
  }

  counters(): CaptureCounters {
    return addCounters(this.#past, this.#capture?.counters() ?? NOTHING_CAPTURED);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopChecks?.();
    await this.#switching;
    await this.#capture?.close();
  }

  #opened(): Capture {
    if (this.#capture === undefined) throw new Error("The camera is not open");
    return this.#capture;
  }

  async #openMode(constraints: CaptureConstraints): Promise<void> {
    const { callbacks } = this.#options;
    let own: Capture | undefined;
    own = await this.#options.open(constraints, {
      onFrame: (frame) => callbacks.onFrame(frame),
      onError: (error) => {
        // A mode that is being left may fail too.
        if (this.#capture === own && this.#switching === undefined) callbacks.onError(error);
      },
    });
    this.#capture = own;
    this.#lastUsable = 0;
    this.#checksWithout = 0;
    this.#sinceUsable = NOTHING_CAPTURED;
  }

  #check(): void {
    if (this.#isClosed || this.#switching !== undefined) return;
    const counters = this.#opened().counters();
    const usable = usableFrames(counters);
    if (usable > this.#lastUsable) {
      this.#lastUsable = usable;
      this.#sinceUsable = counters;
      this.#checksWithout = 0;
      this.#resume();
      return;
    }
    this.#checksWithout++;
    if (this.#checksWithout === CHECKS_WITHOUT_PICTURE) this.#interrupt(counters);
  }

  #resume(): void {
    if (!this.#isInterrupted) return;
    this.#isInterrupted = false;
    this.#options.callbacks.onResumed?.(this.mode);
  }

  #interrupt(counters: CaptureCounters): void {
    const damage = damageOf(countersSince(counters, this.#sinceUsable));
    // A silent camera ends by the capture's own limit. Until then it may only be slow.
    if (damage === null) {
      this.#checksWithout--;
      return;
    }
    this.#isInterrupted = true;
    this.#options.callbacks.onInterrupted?.(damage);
    this.#switching = this.#leaveMode(damage).finally(() => {
      this.#switching = undefined;
    });
  }

  /** Never rejects: without another mode that opens it reports the damage. */
  async #leaveMode(damage: string): Promise<void> {
    const { camera, constraints, callbacks } = this.#options;
    this.#tried.push(this.mode);
    for (;;) {
      const next = nextMode(camera.modes, this.#tried, constraints);
      if (next === null || this.#isClosed) break;
      try {
        await this.#opened().close();
        const left = this.#opened().counters();
        await this.#openMode(next);
        this.#past = addCounters(this.#past, left);
        return;
      } catch (error) {
        callbacks.onTrouble?.(
          `${next.fourcc} ${next.width}x${next.height} does not open: ${errorText(error)}`,
        );
        this.#tried.push(next);
      }
    }
    if (this.#isClosed) return;
    const message = `The camera ${camera.name} cannot be shown, because ${damage}`;
    callbacks.onError(new CaptureError(message, { operation: "decode", errno: "", path: camera.path }));
  }
}

/**
 * A mode of the other kind of format first (raw instead of JPEG), then another size of the first format, the nearest to the
 * constraints.
 * @returns null when enough was tried
 */
export function nextMode(
  modes: readonly CameraMode[],
  tried: readonly CameraMode[],
  constraints: CaptureConstraints,
): (CameraMode & { fourcc: string }) | null {
  const [first] = tried;
  if (first === undefined || tried.length >= MOST_MODES) return null;
  const isJpeg = ({ fourcc }: CameraMode) => JPEG.includes(fourcc);
  const hasTriedBoth = tried.some((mode) => isJpeg(mode) !== isJpeg(first));
  const other = hasTriedBoth
    ? undefined
    : nearest(
        modes.filter((mode) => isJpeg(mode) !== isJpeg(first)),
        constraints,
      );
  if (other !== undefined) return { ...constraints, fourcc: other.fourcc };
  const isTried = (mode: CameraMode) =>
    tried.some(
      ({ fourcc, width, height }) => fourcc === mode.fourcc && width === mode.width && height === mode.height,
    );
  const size = nearest(
    modes.filter((mode) => mode.fourcc === first.fourcc && !isTried(mode)),
    constraints,
  );
  return size === undefined
    ? null
    : { ...constraints, width: size.width, height: size.height, fourcc: size.fourcc };
}

function nearest(
  modes: readonly CameraMode[],
  { width, height }: CaptureConstraints,
): CameraMode | undefined {
  // A larger one puts more data on the cable. One without colours is worse than any size.
  const distance = (mode: CameraMode) => {
    const doublings = Math.log2((mode.width * mode.height) / (width * height));
    const cost = doublings > 0 ? 2 * doublings : -doublings;
    return mode.fourcc === GREY ? cost + MOST_DOUBLINGS : cost;
  };
  return [...modes].sort((a, b) => distance(a) - distance(b))[0];
}
