// The interface to cameras: V4L2 devices and the test pattern.

import type { Capture, CaptureCallbacks, CaptureConstraints } from "../../native/types.ts";
import type { Device } from "../../rpc-schema/index.ts";

export const TEST_PATTERN_ID = "test-pattern";

export interface OpenCamera extends Capture {
  readonly deviceId: string;
  readonly deviceName: string;
}

export interface Cameras {
  /** Lists the cameras without opening them for capture. The test pattern comes last. */
  list(): Device[];
  /**
   * Opens the camera of a settings value: `auto` (the first camera that opens, never the test pattern), `test-pattern`, or
   * a camera's id.
   * @throws CaptureError with operation and errno; RpcError unknownDevice for an unknown id, deviceUnavailable for `auto`
   * without any camera
   */
  open(choice: string, constraints: CaptureConstraints, callbacks: CaptureCallbacks): Promise<OpenCamera>;
  /**
   * Reports the new list when a camera comes, goes, or becomes accessible, until the returned function is called. Does not
   * poll, and does not keep the process alive.
   */
  watch(onChange: (devices: Device[]) => void): () => void;
}
