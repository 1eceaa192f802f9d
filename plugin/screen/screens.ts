// The interface to what can be shared of this computer's screens: a monitor or a window, chosen by the user.

import type { CameraMode, CaptureConstraints, CaptureCounters, VideoFrame } from "../../native/types.ts";
import type { ScreenEndReason, ScreenSource } from "../../rpc-schema/index.ts";

/** What the user can choose from, and where. */
export type ScreenOffer =
  /** The host shows `sources`, and the user chooses there. */
  | { readonly chooser: "host"; readonly sources: readonly ScreenSource[] }
  /** The desktop shows a dialog of its own. */
  | { readonly chooser: "desktop" }
  /** Nothing can be shared. `why` says what is missing, as a sentence without capital and full stop. */
  | { readonly chooser: "none"; readonly why: string };

/** Why nothing is shared, or nothing any more. The message says it for people, as a sentence without capital and full stop. */
export class ScreenError extends Error {
  override readonly name = "ScreenError";
  readonly reason: ScreenEndReason;

  constructor(reason: ScreenEndReason, message: string, options: ErrorOptions = {}) {
    super(message, options);
    this.reason = reason;
  }
}

export interface ScreenRequest {
  /** The id of an offered source; null: the desktop asks the user. */
  readonly source: string | null;
  /** The largest size, whose longer side is that of the screen, and the highest rate. */
  readonly constraints: CaptureConstraints;
  /** Aborted: the request was withdrawn. The dialog closes, and nothing is captured. */
  readonly signal: AbortSignal;
}

export interface ScreenCallbacks {
  /** Called when something has changed, and once a second. The frame is released when this returns, unless retained. */
  onFrame(frame: VideoFrame): void;
  /** The shared window is minimised, so no frame comes, or it is shown again. Not of every adapter. */
  onHidden?(isHidden: boolean): void;
  /** It has ended by itself. The owner must still call `close()`. */
  onEnded(error: ScreenError): void;
}

/** A monitor or window that is captured. */
export interface CapturedScreen {
  /** For people: the window's title or the monitor; empty for all monitors, and where the desktop does not say it. */
  readonly name: string;
  readonly kind: ScreenSource["kind"];
  /** Of the newest frames: a window may change its size. */
  readonly mode: CameraMode;
  /** `captured` does not rise after `close()` resolved. */
  counters(): CaptureCounters;
  /** Idempotent. No callback follows. */
  close(): Promise<void>;
}

/** One way to screens: the desktop's portal, or an X display. */
export interface ScreenWay {
  /** Captures nothing. */
  offer(): Promise<ScreenOffer>;
  /**
   * Resolves once the user has chosen. Nothing is captured before that.
   * @throws ScreenError
   */
  share(request: ScreenRequest, callbacks: ScreenCallbacks): Promise<CapturedScreen>;
}

export interface Screens extends ScreenWay {
  /** From then on the desktop's dialog may remember the last choice there, also after a restart. */
  keepChoicesIn(folder: string): void;
}
