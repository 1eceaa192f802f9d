// Where the local picture comes from: a V4L2 camera, the test pattern, or nothing. What the call does with it is
// not known here.

import type { Capture, CaptureCallbacks, CaptureConstraints } from "../../native/types.ts";
import type { Device } from "../../rpc-schema/index.ts";

export const TEST_PATTERN_ID = "test-pattern";

export interface OpenCamera extends Capture {
  readonly deviceId: string;
  readonly deviceName: string;
}

export interface Cameras {
  /** Lists without opening for capture; the test pattern comes last. */
  list(): Device[];
  /**
   * Opens what a settings value names: `auto` (the first camera that opens; never the test pattern), `test-pattern`,
   * or a camera's id.
   * @throws CaptureError with operation and errno; RpcError unknownDevice for an id that names nothing,
   * deviceUnavailable for `auto` where there is no camera.
   */
  open(choice: string, wish: CaptureConstraints, callbacks: CaptureCallbacks): Promise<OpenCamera>;
  /**
   * Tells the new list whenever a camera has come, gone, or may now be opened, without polling; until the returned
   * function is called. Does not keep the process alive.
   */
  watch(onChange: (devices: Device[]) => void): () => void;
}
