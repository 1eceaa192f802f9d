// The open cameras, by the call or preview whose frames they give. The own picture of a ringing call holds its camera in one
// activity and the accepted call in another. The second takes the camera over as it is, so the picture does not stop.

import type { MediaEvent } from "../../statecharts/index.ts";

export type CameraReport = (event: MediaEvent) => void;

/** What an activity can do with its camera. */
export interface CameraHold {
  use(choice: string): void;
  renew(): void;
  release(): void;
}

type Opened = Extract<MediaEvent, { type: "device.cameraOpened" }>;

/** Passes a camera's reports on to the activity that has it at present. */
export class HeldCamera {
  readonly #hold: CameraHold;
  #report: CameraReport;
  readonly #firstChoice: string;
  #opened: Opened | null = null;

  /** @param start begins to open the camera */
  constructor(choice: string, report: CameraReport, start: (report: CameraReport) => CameraHold) {
    this.#firstChoice = choice;
    this.#report = report;
    this.#hold = start((event) => {
      if (event.type === "device.cameraOpened") this.#opened = event;
      if (event.type === "device.cameraLost") this.#opened = null;
      this.#report(event);
    });
  }

  /**
   * From now on these reports are wanted; what is open is reported soon. Not at once: a chart that gets an event while it takes
   * another one cannot be replayed from its log.
   * @param choice of the new owner. It has no effect if the choice was the same before
   */
  handOver(choice: string, report: CameraReport): void {
    this.#report = report;
    if (choice !== this.#firstChoice) this.use(choice);
    else if (this.#opened) queueMicrotask(() => this.#reportOpened(report));
  }

  /** Unless the camera was passed on or lost in the meantime. */
  #reportOpened(report: CameraReport): void {
    if (this.#opened && this.#report === report) report(this.#opened);
  }

  use(choice: string): void {
    this.#hold.use(choice);
  }

  renew(): void {
    this.#hold.renew();
  }

  release(): void {
    this.#report = () => undefined;
    this.#hold.release();
  }
}

/** Each camera has one owner, which alone may release it. */
export class HeldCameras {
  readonly #held = new Map<string, { readonly owner: object; readonly camera: HeldCamera }>();

  /** @returns the camera that the call or preview has already, which is the new owner's from now on */
  take(id: string, owner: object): HeldCamera | null {
    const held = this.#held.get(id);
    return held ? this.keep(id, owner, held.camera) : null;
  }

  keep(id: string, owner: object, camera: HeldCamera): HeldCamera {
    this.#held.set(id, { owner, camera });
    return camera;
  }

  /** Releases the camera unless another owner has taken it. */
  release(id: string, owner: object): void {
    const held = this.#held.get(id);
    if (held?.owner !== owner) return;
    this.#held.delete(id);
    held.camera.release();
  }
}
