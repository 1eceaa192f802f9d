// One screen that is shared through the portal: its session, its connection to PipeWire and its capture, which end together.

import { closeSync } from "node:fs";
import type { PipeWire, PipeWireSession } from "../../../native/pipewire.ts";
import { type CaptureCounters, CaptureError } from "../../../native/types.ts";
import type { ScreenEndReason } from "../../../rpc-schema/index.ts";
import type { Clock } from "../../common/clock.ts";
import { withDeadline } from "../../common/deadline.ts";
import { errorText } from "../../common/error-text.ts";
import type { DescriptorBus } from "../../dbus/bus.ts";
import { PortalConnection } from "../../dbus/portal-connection.ts";
import type { Log } from "../../log.ts";
import { ResizingCapture } from "../resizing-capture.ts";
import type { RestoreToken } from "../restore-token.ts";
import { type CapturedScreen, type ScreenCallbacks, ScreenError, type ScreenRequest } from "../screens.ts";
import { type ChosenScreen, chooseScreen, openPipeWireRemote } from "./screen-cast.ts";

/** The stream or the session may end a moment before the desktop says why. */
const REASON_FOLLOWS_MS = 500;
/** A daemon on the same machine answers within milliseconds. */
const SETTLE_MS = 10_000;
const RESIZED = "ESTALE";

/** By the errno of the capture. */
const CAPTURE_ENDS: Readonly<Record<string, readonly [ScreenEndReason, string]>> = {
  ENODEV: ["closed", "the window was closed, or the monitor is not there any more"],
  ECONNRESET: ["failed", "PipeWire has ended"],
  ETIMEDOUT: ["failed", "the desktop sends no picture"],
  EPROTO: ["failed", "the desktop offers its picture in no form that can be shown"],
};

export interface PortalOptions {
  /** Opens a connection to the session bus. @param onClosed the bus has gone. @throws Error */
  connect(onClosed: () => void): Promise<DescriptorBus>;
  readonly pipeWire: Pick<PipeWire, "connect">;
  readonly token: RestoreToken;
  readonly log: Log;
  readonly clock?: Pick<Clock, "nowMs">;
}

export class PortalShare implements CapturedScreen {
  /** The portal does not say it. */
  readonly name = "";
  readonly #options: PortalOptions;
  readonly #request: ScreenRequest;
  readonly #callbacks: ScreenCallbacks;
  readonly #ended = Promise.withResolvers<ScreenError>();
  readonly #capture: ResizingCapture;
  #portal: PortalConnection | null = null;
  #pipeWire: PipeWireSession | null = null;
  #session = "";
  #chosen: ChosenScreen | null = null;
  #isClosed = false;

  constructor(options: PortalOptions, request: ScreenRequest, callbacks: ScreenCallbacks) {
    this.#options = options;
    this.#request = request;
    this.#callbacks = callbacks;
    this.#capture = new ResizingCapture({
      open: async (own) => {
        if (this.#pipeWire === null || this.#chosen === null) throw withdrawn();
        const node = { nodeId: this.#chosen.nodeId, path: "the shared screen", isContinuous: false };
        return this.#pipeWire.open(node, request.constraints, own);
      },
      isResize: (error) => error instanceof CaptureError && error.errno === RESIZED,
      onFrame: (frame) => callbacks.onFrame(frame),
      onEnded: (error) => this.#endSoon(captureEnd(error)),
    });
  }

  get kind() {
    return this.#chosen?.kind ?? "monitor";
  }

  get mode() {
    const { width, height, fps } = this.#request.constraints;
    return this.#capture.mode ?? { width, height, fps, fourcc: "" };
  }

  counters(): CaptureCounters {
    return this.#capture.counters();
  }

  /** @param restoreToken of an earlier choice. @throws ScreenError */
  async start(restoreToken: string | null): Promise<void> {
    const { signal } = this.#request;
    const onAbort = () => this.#ended.resolve(withdrawn());
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    const failed = this.#ended.promise.then((error): never => {
      throw error;
    });
    try {
      await Promise.race([failed, signal.aborted ? failed : this.#begin(restoreToken)]);
    } catch (error) {
      await this.close();
      throw screenErrorOf(error);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
    this.#ended.promise.then((error) => {
      if (!this.#isClosed) this.#callbacks.onEnded(error);
    });
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#capture.close();
    const [pipeWire, portal] = [this.#pipeWire, this.#portal];
    this.#pipeWire = null;
    this.#portal = null;
    await pipeWire?.close();
    if (portal && this.#session !== "") portal.closeSession(this.#session);
    portal?.close();
  }

  /** Closes what it has opened if this share was closed meanwhile. */
  async #begin(restoreToken: string | null): Promise<void> {
    const portal = await this.#connect();
    if (this.#isClosed) {
      portal.close();
      return;
    }
    this.#portal = portal;
    this.#chosen = await this.#choose(portal, restoreToken);
    await this.#options.token.put(this.#chosen.restoreToken);
    if (this.#isClosed) return;
    const fd = await openPipeWireRemote(portal, this.#session);
    if (this.#isClosed) {
      closeSync(fd);
      return;
    }
    await this.#connectTo(fd);
    if (!this.#isClosed) await this.#capture.start();
  }

  /** Resolves when the stream's node and its formats are known. */
  async #connectTo(fd: number): Promise<void> {
    const settled = Promise.withResolvers<void>();
    const session = this.#options.pipeWire.connect({ fd }, () => {
      if (!this.#isClosed && session.state().isSettled) settled.resolve();
    });
    this.#pipeWire = session;
    await withDeadline(SETTLE_MS, undefined, "the connection to PipeWire", () => settled.promise);
  }

  async #connect(): Promise<PortalConnection> {
    const onGone = () => this.#ended.resolve(new ScreenError("failed", "the desktop's portal has ended"));
    const onSessionClosed = (path: string) => {
      if (path !== this.#session) return;
      // Before the choice, the result of the request says more.
      if (this.#chosen === null) this.#endSoon(new ScreenError("failed", "the desktop ended the session"));
      else this.#ended.resolve(stoppedByDesktop());
    };
    return PortalConnection.open(await this.#options.connect(onGone), { onSessionClosed, onGone });
  }

  async #choose(portal: PortalConnection, restoreToken: string | null): Promise<ChosenScreen> {
    const { signal } = this.#request;
    const onSession = (path: string) => {
      this.#session = path;
    };
    try {
      return await chooseScreen(portal, restoreToken, signal, onSession);
    } catch (error) {
      // The portal refuses a token of a form that it does not know, and closes the session.
      if (restoreToken === null || this.#isClosed || error instanceof ScreenError) throw error;
      this.#options.log("warn", `the desktop does not take the earlier choice: ${errorText(error)}`);
      return chooseScreen(portal, null, signal, onSession);
    }
  }

  /** Unless the desktop gives its own reason, which is the better one. */
  #endSoon(error: ScreenError): void {
    const timer = setTimeout(() => this.#ended.resolve(error), REASON_FOLLOWS_MS);
    this.#ended.promise.then(() => clearTimeout(timer));
  }
}

const stoppedByDesktop = () =>
  new ScreenError("stoppedByDesktop", "sharing was ended in the desktop's own display");
const withdrawn = () => new ScreenError("stopped", "the request was withdrawn");

function captureEnd(error: unknown): ScreenError {
  const [reason, why] = (error instanceof CaptureError && CAPTURE_ENDS[error.errno]) || [
    "failed" as const,
    errorText(error),
  ];
  return new ScreenError(reason, why, { cause: error });
}

function screenErrorOf(error: unknown): ScreenError {
  if (error instanceof ScreenError) return error;
  if (error instanceof CaptureError) return captureEnd(error);
  return new ScreenError("failed", `the desktop's portal: ${errorText(error)}`, { cause: error });
}
