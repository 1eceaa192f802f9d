// The façade of the add-on that captures monitors and windows of an X display. The add-on is optional.

import { type BoundCapture, type BoundListener, loadAddon } from "./binding.ts";
import { openCapture } from "./capture.ts";
import { captureErrorFrom } from "./capture-errors.ts";
import { checkedConstraints } from "./checked-arguments.ts";
import type { Capture, CaptureCallbacks, CaptureConstraints, ShareableScreen } from "./types.ts";

/** Operations of the CaptureError that ends a screen's capture. */
export const SCREEN_ENDS = {
  /** The size changed: close and open again. */
  resized: "resized",
  /** The window was closed, or the monitor is not there. */
  closed: "closed",
  /** The X server has gone. */
  display: "display",
} as const;

/** A display such as ":0"; an empty text is $DISPLAY. */
export interface X11Screens {
  /** Monitors first, the main one in front. @throws CaptureError without an X server */
  list(display: string): Promise<readonly ShareableScreen[]>;
  /**
   * Captures at its full size, or scaled down to fit into `constraints`, whose longer side is that of the screen. `fps` is the
   * highest rate. Frames come when something changed, and once a second.
   * @throws CaptureError with the operation `closed` for an unknown id
   */
  open(
    display: string,
    id: string,
    constraints: CaptureConstraints,
    callbacks: CaptureCallbacks,
  ): Promise<Capture>;
}

/** The addon's functions. An empty display is $DISPLAY. */
interface X11Binding {
  listShareable(display: string): Promise<ShareableScreen[]>;
  openScreen(
    display: string,
    id: string,
    width: number,
    height: number,
    fps: number,
    listener: BoundListener,
  ): Promise<BoundCapture>;
}

const REMEDY = "install libxcb-composite0, libxcb-damage0, libxcb-randr0, libxcb-shm0 and libxcb-xfixes0";

/** Loads the add-on at the first call. @throws Error that says what is missing */
export function loadX11(): X11Screens {
  const binding = loadAddon<X11Binding>("callx11", ["listShareable", "openScreen"], REMEDY);
  return {
    async list(display) {
      try {
        return await binding.listShareable(display);
      } catch (error) {
        throw captureErrorFrom(error);
      }
    },
    open: async (display, id, constraints, callbacks) => {
      const { width, height, fps } = checkedConstraints(constraints);
      return openCapture(
        (listener) => binding.openScreen(display, id, width, height, fps, listener),
        callbacks,
      );
    },
  };
}
