// A fake of the desktop's portal for cameras. Tests play the user.

import { once } from "node:events";
import { openSync } from "node:fs";
import { CaptureError } from "../../../native/types.ts";
import { type CameraPortal, PORTAL_CAMERA_ID } from "../../../plugin/camera/portal/camera-portal.ts";

interface Question {
  allow(): void;
  refuse(): void;
  readonly closed: Promise<void>;
}

/** What all programs of one desktop share. */
export class FakeCameraDesktop {
  readonly #events = new EventTarget();
  readonly portals = new Set<FakeCameraPortal>();
  #asked: Question | null = null;
  questions = 0;
  isRunning = true;
  hasCamera = true;
  isAllowed = false;

  open(onChange: () => void): FakeCameraPortal {
    const portal = new FakeCameraPortal(this, onChange);
    this.portals.add(portal);
    return portal;
  }

  async question(): Promise<Question> {
    while (this.#asked === null) await once(this.#events, "question");
    const question = this.#asked;
    this.#asked = null;
    return question;
  }

  ask(question: Question): void {
    this.questions += 1;
    this.#asked = question;
    this.#events.dispatchEvent(new Event("question"));
  }

  setCamera(hasCamera: boolean): void {
    this.hasCamera = hasCamera;
    for (const portal of this.portals) portal.update();
  }

  crash(): void {
    this.isRunning = false;
    for (const portal of this.portals) portal.lose();
  }

  restart(): void {
    this.isRunning = true;
  }
}

export class FakeCameraPortal implements CameraPortal {
  readonly #desktop: FakeCameraDesktop;
  readonly #onChange: () => void;
  #lost = new AbortController();
  readonly #closing = new AbortController();
  #isPresent = false;

  constructor(desktop: FakeCameraDesktop, onChange: () => void) {
    this.#desktop = desktop;
    this.#onChange = onChange;
  }

  isPresent(): boolean {
    return this.#isPresent;
  }

  problem(): string | null {
    if (!this.#desktop.isRunning || this.#lost.signal.aborted) return "has ended";
    return this.#isPresent ? null : "knows of no camera";
  }

  async ready(): Promise<void> {
    await Promise.resolve();
    this.update();
  }

  update(): void {
    const isPresent = this.#desktop.hasCamera && this.#desktop.isRunning;
    if (isPresent === this.#isPresent || this.#closing.signal.aborted) return;
    this.#isPresent = isPresent;
    this.#onChange();
  }

  lose(): void {
    this.#lost.abort(failure("The desktop's portal has ended", "ECONNRESET"));
    this.update();
  }

  async access(signal?: AbortSignal): Promise<number> {
    if (this.#desktop.isRunning) this.#lost = new AbortController();
    this.update();
    if (!this.#desktop.isAllowed) {
      const ends = [this.#lost.signal, this.#closing.signal, ...(signal ? [signal] : [])];
      await this.#ask(AbortSignal.any(ends));
    }
    return openSync("/dev/null", "r");
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const closed = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => {
      closed.resolve();
      answer.reject(signal.reason);
    });
    this.#desktop.ask({
      closed: closed.promise,
      allow: () => {
        this.#desktop.isAllowed = true;
        answer.resolve();
      },
      refuse: () => answer.reject(failure("The use of the camera was refused on this desktop", "EACCES")),
    });
    await answer.promise;
  }

  close(): void {
    this.#closing.abort(failure("The desktop's portal has ended", "ECONNRESET"));
    this.#desktop.portals.delete(this);
  }
}

function failure(message: string, errno: string): CaptureError {
  return new CaptureError(message, { operation: "AccessCamera", errno, path: PORTAL_CAMERA_ID });
}
