// Fake screens. Tests choose for the user, emit frames and end what is shared.

import { NOTHING_CAPTURED } from "../../../native/frame-faults.ts";
import type { CaptureCounters } from "../../../native/types.ts";
import {
  type CapturedScreen,
  type ScreenCallbacks,
  ScreenError,
  type ScreenOffer,
  type ScreenRequest,
  type Screens,
} from "../../../plugin/screen/screens.ts";
import type { ScreenEndReason, ScreenSource } from "../../../rpc-schema/index.ts";
import { FakeFrame } from "./fake-cameras.ts";

export const FAKE_SCREEN: ScreenSource = {
  ...{ id: "monitor:fake", name: "Fake monitor", kind: "monitor", isPrimary: true },
  ...{ width: 1920, height: 1080 },
};

export class FakeScreens implements Screens {
  /** Every screen that was shared, in order, including closed ones. */
  readonly shared: FakeCapturedScreen[] = [];
  /** With `desktop`, a request waits for `choose` or `refuse`. */
  nextOffer: ScreenOffer = { chooser: "host", sources: [FAKE_SCREEN] };
  #asked: PromiseWithResolvers<void> | null = null;

  async offer(): Promise<ScreenOffer> {
    return this.nextOffer;
  }

  async share(request: ScreenRequest, callbacks: ScreenCallbacks): Promise<CapturedScreen> {
    if (request.signal.aborted) throw new ScreenError("stopped", "withdrawn");
    if (this.nextOffer.chooser === "desktop") {
      const asked = Promise.withResolvers<void>();
      this.#asked = asked;
      request.signal.addEventListener("abort", () => asked.reject(new ScreenError("stopped", "withdrawn")));
      await asked.promise;
    } else if (request.source !== FAKE_SCREEN.id) {
      throw new ScreenError("closed", `there is no ${request.source}`);
    }
    if (request.signal.aborted) throw new ScreenError("stopped", "withdrawn");
    const screen = new FakeCapturedScreen(request, callbacks);
    this.shared.push(screen);
    return screen;
  }

  /** The folder for choices that the desktop remembers. */
  folder: string | null = null;

  keepChoicesIn(folder: string): void {
    this.folder = folder;
  }

  /** Whether a dialog of the desktop is open. */
  get isAsking(): boolean {
    return this.#asked !== null;
  }

  /** The user chooses in the desktop's dialog. */
  choose(): void {
    this.#asked?.resolve();
    this.#asked = null;
  }

  /** The desktop's dialog ends without a choice. */
  refuse(reason: ScreenEndReason, why: string): void {
    this.#asked?.reject(new ScreenError(reason, why));
    this.#asked = null;
  }

  get openNow(): FakeCapturedScreen[] {
    return this.shared.filter(({ isClosed }) => !isClosed);
  }
}

class FakeCapturedScreen implements CapturedScreen {
  readonly name = FAKE_SCREEN.name;
  readonly kind = FAKE_SCREEN.kind;
  readonly mode;
  readonly #callbacks: ScreenCallbacks;
  #captured = 0;
  #lastUs = 0;
  isClosed = false;

  constructor({ constraints }: ScreenRequest, callbacks: ScreenCallbacks) {
    this.mode = { ...constraints, fourcc: "BGRX" };
    this.#callbacks = callbacks;
  }

  counters(): CaptureCounters {
    const captured = this.#captured;
    return { ...NOTHING_CAPTURED, captured, delivered: captured, whole: captured };
  }

  emitFrame(): void {
    if (this.isClosed) return;
    this.#captured += 1;
    this.#lastUs = Math.max(this.#lastUs + 1, Date.now() * 1000);
    const frame = new FakeFrame(this.mode, this.#lastUs, this.#captured);
    try {
      this.#callbacks.onFrame(frame);
    } finally {
      frame.release();
    }
  }

  /** The user minimises the window, or shows it again. */
  hide(isHidden: boolean): void {
    if (!this.isClosed) this.#callbacks.onHidden?.(isHidden);
  }

  /** Simulates an end that this side did not ask for. */
  endBySelf(reason: ScreenEndReason, why: string): void {
    if (!this.isClosed) this.#callbacks.onEnded(new ScreenError(reason, why));
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }
}
