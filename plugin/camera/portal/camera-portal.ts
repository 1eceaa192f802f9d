// The portal's interface Camera: whether the desktop has a camera, the user's permission, and the descriptor by which frames come.
// https://flatpak.github.io/xdg-desktop-portal/docs/doc-org.freedesktop.portal.Camera.html

import { z } from "zod";
import { CaptureError } from "../../../native/types.ts";
import { errorText } from "../../common/error-text.ts";
import type { DescriptorBus } from "../../dbus/bus.ts";
import { PortalConnection, RESPONSES } from "../../dbus/portal-connection.ts";
import type { Log } from "../../log.ts";

/** The id and path of the one device that stands for all cameras until the user has let the program in. */
export const PORTAL_CAMERA_ID = "portal:camera";
const CAMERA = "org.freedesktop.portal.Camera";
/** A portal that ends is started again, but one that crashes each time is left alone. */
const RECONNECT_MS = [1_000, 2_000, 4_000, 8_000, 16_000];

const NO_CAMERA = "knows of no camera (some versions look for cameras only when they start)";

const propertiesSchema = z.object({ IsCameraPresent: z.boolean() });

export interface CameraPortal {
  /** Whether it offers a camera, as far as is known. */
  isPresent(): boolean;
  /** Why it offers none, to complete "the desktop's portal …"; null while it offers one or has not answered. */
  problem(): string | null;
  /** Settles with the portal's first answer, or when it is known that there is no portal. Never asks the user. */
  ready(): Promise<void>;
  /**
   * Asks the user, unless the desktop remembers an answer. The user may take any time.
   * @param signal closes the dialog
   * @returns a connection to PipeWire that sees the cameras only; the caller owns it
   * @throws CaptureError with EACCES when it was refused, ECONNRESET when the portal ended; the signal's reason
   */
  access(signal?: AbortSignal): Promise<number>;
  /** Idempotent. Closes an open dialog. No callback follows. */
  close(): void;
}

export interface CameraPortalOptions {
  /** Opens a connection to the session bus. @param onClosed the bus has gone. @throws Error */
  connect(onClosed: () => void): Promise<DescriptorBus>;
  /** `isPresent()` has changed. */
  onChange(): void;
  readonly log: Log;
  /** Milliseconds until each attempt to connect again, for tests. */
  readonly reconnectMs?: readonly number[];
}

/** Connects at once. */
export function createCameraPortal(options: CameraPortalOptions): CameraPortal {
  return new DesktopPortal(options);
}

interface Link {
  readonly portal: PortalConnection;
  /** Aborted when the portal ends. */
  readonly gone: AbortSignal;
}

class DesktopPortal implements CameraPortal {
  readonly #options: CameraPortalOptions;
  readonly #answered: Promise<void>;
  #link: Promise<Link> | null = null;
  #isPresent = false;
  #problem: string | null = null;
  #attempts = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #closing = new AbortController();

  constructor(options: CameraPortalOptions) {
    this.#options = options;
    this.#answered = this.#observe();
  }

  isPresent(): boolean {
    return this.#isPresent;
  }

  problem(): string | null {
    return this.#problem;
  }

  ready(): Promise<void> {
    return this.#answered;
  }

  async access(signal?: AbortSignal): Promise<number> {
    try {
      const { portal, gone } = await this.#connected();
      const signals = [gone, this.#closing.signal, ...(signal ? [signal] : [])];
      const call = { interface: CAMERA, member: "AccessCamera", signature: "", body: [], options: {} };
      const { response } = await portal.request(call, AbortSignal.any(signals), true);
      if (response === RESPONSES.cancelled)
        throw refused("The use of the camera was refused on this desktop");
      if (response !== RESPONSES.success) throw refused("The desktop ended its dialog and allowed no camera");
      return await portal.askForDescriptor({
        ...{ interface: CAMERA, member: "OpenPipeWireRemote", signature: "a{sv}", body: [{}] },
      });
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof CaptureError) throw error;
      throw refused(`The desktop's portal gives no camera: ${errorText(error)}`);
    }
  }

  close(): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(ended());
    clearTimeout(this.#timer);
    this.#link?.then(({ portal }) => portal.close()).catch(() => undefined); // it did not open
  }

  /** Never rejects. */
  async #observe(): Promise<void> {
    try {
      await this.#connected();
    } catch (error) {
      this.#set(false, `cannot be used: ${errorText(error)}`);
      if (this.#attempts > 0) this.#connectAgain();
    }
  }

  #connected(): Promise<Link> {
    if (this.#closing.signal.aborted) return Promise.reject(ended());
    this.#link ??= this.#connect().catch((error: unknown) => {
      this.#link = null;
      throw error;
    });
    return this.#link;
  }

  async #connect(): Promise<Link> {
    const gone = new AbortController();
    const onGone = () => {
      if (gone.signal.aborted) return;
      gone.abort(ended());
      opening.then((portal) => portal.close()).catch(() => undefined); // it did not open
      this.#onGone();
    };
    const onPropertiesChanged = (of: string) => {
      if (of === CAMERA) opening.then((portal) => this.#read(portal, gone.signal)).catch(() => undefined); // as above
    };
    const opening = this.#options
      .connect(onGone)
      .then((bus) => PortalConnection.open(bus, { onGone, onPropertiesChanged }));
    const portal = await opening;
    if (this.#closing.signal.aborted) portal.close();
    this.#closing.signal.throwIfAborted();
    await this.#read(portal, gone.signal);
    gone.signal.throwIfAborted();
    return { portal, gone: gone.signal };
  }

  /** Never rejects. */
  async #read(portal: PortalConnection, gone: AbortSignal): Promise<void> {
    try {
      const { IsCameraPresent: isPresent } = propertiesSchema.parse(await portal.properties(CAMERA));
      if (!gone.aborted) this.#set(isPresent, isPresent ? null : NO_CAMERA);
    } catch (error) {
      // Without a part of the desktop that asks the user, the portal has no such interface.
      const why = `has no cameras, since its part for this desktop is missing: ${errorText(error)}`;
      if (!gone.aborted) this.#set(false, why);
    }
  }

  #set(isPresent: boolean, problem: string | null): void {
    if (this.#closing.signal.aborted) return;
    const { log, onChange } = this.#options;
    if (problem !== null && problem !== this.#problem)
      log("debug", `no cameras: the desktop's portal ${problem}`);
    this.#problem = problem;
    if (isPresent === this.#isPresent) return;
    this.#isPresent = isPresent;
    onChange();
  }

  #onGone(): void {
    this.#link = null;
    if (this.#closing.signal.aborted) return;
    this.#set(false, "has ended");
    this.#connectAgain();
  }

  #connectAgain(): void {
    const { reconnectMs = RECONNECT_MS } = this.#options;
    const delayMs = reconnectMs[this.#attempts];
    if (delayMs === undefined || this.#closing.signal.aborted) return;
    this.#attempts += 1;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#observe(), delayMs).unref();
  }
}

const details = { operation: "AccessCamera", path: PORTAL_CAMERA_ID };
const refused = (message: string) => new CaptureError(message, { ...details, errno: "EACCES" });
const ended = () => new CaptureError("The desktop's portal has ended", { ...details, errno: "ECONNRESET" });
