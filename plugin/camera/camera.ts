// The interface to cameras: V4L2 devices, those of PipeWire, and the test pattern.

import type { CameraMode, Capture, CaptureCallbacks, CaptureConstraints } from "../../native/types.ts";
import type { Device } from "../../rpc-schema/index.ts";

export const TEST_PATTERN_ID = "test-pattern";

export interface CameraCallbacks extends CaptureCallbacks {
  /**
   * For two seconds nothing that the camera sent could be shown. Its other modes are tried; when none of them helps,
   * `onError` follows.
   * @param reason completes "the camera …": "its pictures are damaged: they are cut short"
   */
  onInterrupted?(reason: string): void;
  /** Frames can be shown again, perhaps in another mode. */
  onResumed?(mode: CameraMode): void;
  /** For the log: why a mode was not used. */
  onTrouble?(message: string): void;
}

/** The mode of an open camera may change: see `onInterrupted`. */
export interface OpenCamera extends Capture {
  readonly deviceId: string;
  readonly deviceName: string;
}

export interface Cameras {
  /** Settles when the first list is complete: PipeWire answers a moment after the start. Never rejects. */
  ready(): Promise<void>;
  /** Lists the cameras without opening them for capture. The test pattern comes last. */
  list(): Device[];
  /** The modes of a listed camera. Empty for the test pattern, and for a camera that may not be opened. */
  modesOf(deviceId: string): readonly CameraMode[];
  /**
   * Opens the camera of a settings value: `auto` (the first camera that opens, never the test pattern), `test-pattern`, or
   * a camera's id.
   * @param signal ends the wait while the desktop asks the user for permission. Nothing else waits long.
   * @throws CaptureError with operation and errno; RpcError unknownDevice for an unknown id; Error for `auto` without any
   * camera; the signal's reason
   */
  open(
    choice: string,
    constraints: CaptureConstraints,
    callbacks: CameraCallbacks,
    signal?: AbortSignal,
  ): Promise<OpenCamera>;
  /**
   * Reports the new list when a camera comes, goes, or becomes accessible, until the returned function is called. Does not
   * poll, and does not keep the process alive.
   */
  watch(onChange: (devices: Device[]) => void): () => void;
}
