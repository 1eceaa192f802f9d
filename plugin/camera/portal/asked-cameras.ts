// The cameras of PipeWire to which the desktop's portal lets a program, after it asked the user. Until then one device stands for
// them all.

import { closeSync } from "node:fs";
import type { PipeWire, PipeWireNode, PipeWireSession } from "../../../native/pipewire.ts";
import { CaptureError } from "../../../native/types.ts";
import { monotonicMs } from "../../common/clock.ts";
import { withDeadline } from "../../common/deadline.ts";
import type { ListedCamera } from "../camera-problems.ts";
import { identify } from "../join-cameras.ts";
import { type CameraPortal, PORTAL_CAMERA_ID } from "./camera-portal.ts";

const NAME = "Camera (the desktop asks for permission)";
/** The session manager lets the program see the cameras a moment after it connected. */
const SHOWS_MS = 5_000;
/** A call tries a camera again for some 16 s. The user has refused it already. */
const REFUSAL_HOLDS_MS = 20_000;

export interface AskedCamerasOptions {
  readonly pipeWire: Pick<PipeWire, "connect">;
  /** @param onChange the portal's `isPresent()` has changed */
  openPortal(onChange: () => void): CameraPortal;
  /** What is listed has changed. */
  onChange(): void;
  readonly nowMs?: () => number;
  /** Milliseconds until an empty list of cameras is final, for tests. */
  readonly showsMs?: number;
}

export class AskedCameras {
  readonly #options: AskedCamerasOptions;
  readonly #portal: CameraPortal;
  /** Whose cameras are not there yet. */
  #connecting: PipeWireSession | null = null;
  #session: PipeWireSession | null = null;
  #refusal: { readonly error: CaptureError; readonly atMs: number } | null = null;
  /** One dialog at a time. Never rejects. */
  #lastAsked: Promise<unknown> = Promise.resolve();
  #onNodes: () => void = () => undefined;
  #isClosed = false;

  constructor(options: AskedCamerasOptions) {
    this.#options = options;
    this.#portal = options.openPortal(() => options.onChange());
  }

  /** The first list is there. */
  ready(): Promise<void> {
    return this.#portal.ready();
  }

  /** The connection that the user allowed; null before, and after it ended. */
  session(): PipeWireSession | null {
    return this.#session;
  }

  /** Of the connection that the user allowed. */
  nodes(): readonly PipeWireNode[] {
    return this.#session?.state().nodes ?? [];
  }

  /** The device that stands for all; null while the program sees the cameras themselves, and where there is none. */
  listed(): ListedCamera | null {
    if (this.#session !== null || !this.#portal.isPresent()) return null;
    const asksFirst = this.#refusal === null;
    return { path: PORTAL_CAMERA_ID, id: PORTAL_CAMERA_ID, otherIds: [], name: NAME, modes: [], asksFirst };
  }

  /** Why the portal offers no camera, to complete "the desktop's portal …"; null if it offers one. */
  problem(): string | null {
    return this.#portal.problem();
  }

  /**
   * Asks the user, unless the program sees the cameras already.
   * @param signal closes the dialog
   * @throws CaptureError when the user refuses or has just refused, or no camera is shown; the signal's reason
   */
  allow(signal?: AbortSignal): Promise<void> {
    const asked = this.#lastAsked.then(() => this.#ask(signal));
    this.#lastAsked = asked.catch(() => undefined); // the caller's
    return asked;
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#portal.close();
    await this.#disconnect();
  }

  async #ask(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.#session !== null) return;
    const { nowMs = monotonicMs } = this.#options;
    if (this.#refusal && nowMs() - this.#refusal.atMs < REFUSAL_HOLDS_MS) throw this.#refusal.error;
    try {
      await this.#connectTo(await this.#portal.access(signal), signal);
      this.#refusal = null;
    } catch (error) {
      if (!(error instanceof CaptureError) || error.errno !== "EACCES") throw error;
      this.#refusal = { error, atMs: nowMs() };
      this.#options.onChange();
      throw error;
    }
    this.#options.onChange();
  }

  /** Resolves when the first camera is there. */
  async #connectTo(fd: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.#isClosed || signal?.aborted) {
      closeSync(fd);
      throw signal?.reason ?? closed();
    }
    const { pipeWire, showsMs = SHOWS_MS } = this.#options;
    const shown = Promise.withResolvers<void>();
    const session = pipeWire.connect({ fd }, () => {
      const { isSettled, isConnected, nodes, problem } = session.state();
      if (isSettled && !isConnected) shown.reject(noCamera(problem));
      else if (identify(nodes).length > 0) shown.resolve();
      this.#onNodes();
    });
    this.#connecting = session;
    try {
      await withDeadline(showsMs, signal, "the list of cameras", () => shown.promise);
    } catch (error) {
      await this.#disconnect();
      signal?.throwIfAborted();
      throw error instanceof CaptureError ? error : noCamera("PipeWire shows none to this program");
    }
    if (this.#isClosed) throw closed();
    this.#connecting = null;
    this.#session = session;
    this.#onNodes = () => this.#onSessionChange(session);
  }

  /** A descriptor is good for one connection, so the next camera needs another one. */
  #onSessionChange(session: PipeWireSession): void {
    if (this.#session !== session || this.#isClosed) return;
    if (!session.state().isConnected) void this.#disconnect();
    this.#options.onChange();
  }

  async #disconnect(): Promise<void> {
    const sessions = [this.#connecting, this.#session];
    this.#connecting = null;
    this.#session = null;
    this.#onNodes = () => undefined;
    for (const session of sessions) await session?.close();
  }
}

const details = { operation: "OpenPipeWireRemote", path: PORTAL_CAMERA_ID };
const noCamera = (why: string) =>
  new CaptureError(`The desktop allows the camera, but there is none: ${why}`, {
    ...details,
    errno: "ENODEV",
  });
const closed = () => new CaptureError("The cameras were closed", { ...details, errno: "ECONNRESET" });
