// Tells at once when the sound server goes and when it is back, by a connection to its socket that says nothing.
// PulseAudio and PipeWire's stand-in for it; knows nothing of devices. Machines without such a server have no watch.

import { connect, type Socket } from "node:net";
import { join } from "node:path";

/** A try costs one system call; sound shall be back within two seconds of the server. */
const LOOK_EVERY_MS = 300;
/** PulseAudio ends a connection that has said nothing for a minute: a fresh one in time keeps that from looking like its end. */
const RENEW_AFTER_MS = 30_000;

export interface ServerMonitorEvents {
  /** The server ended the connection. */
  onGone(): void;
  /** It takes connections again, or for the first time. */
  onBack(): void;
}

export interface ServerMonitor {
  /** False when the last try was refused; null before the first answer. */
  readonly isUp: boolean | null;
  close(): void;
}

/** Where libpulse looks, see pulse-client.conf(5) and PULSE_SERVER there; null for a server that is not on this machine. */
export function soundServerSocket(env: NodeJS.ProcessEnv): string | null {
  const { PULSE_SERVER, PULSE_RUNTIME_PATH, XDG_RUNTIME_DIR } = env;
  if (PULSE_SERVER) return /^(?:\{[^}]*\})?(?:unix:)?(\/.*)$/.exec(PULSE_SERVER)?.[1] ?? null;
  if (PULSE_RUNTIME_PATH) return join(PULSE_RUNTIME_PATH, "native");
  return XDG_RUNTIME_DIR ? join(XDG_RUNTIME_DIR, "pulse", "native") : null;
}

class SocketWatch implements ServerMonitor {
  readonly #path: string;
  readonly #events: ServerMonitorEvents;
  #socket: Socket | null = null;
  #timer: NodeJS.Timeout | undefined;
  #isUp: boolean | null = null;
  #isClosed = false;

  constructor(path: string, events: ServerMonitorEvents) {
    this.#path = path;
    this.#events = events;
    this.#connect();
  }

  get isUp(): boolean | null {
    return this.#isUp;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#socket?.destroy();
  }

  #connect(): void {
    const previous = this.#socket;
    const socket = connect(this.#path);
    this.#socket = socket;
    socket.on("error", () => undefined); // "close" follows, which says the same
    socket.once("connect", () => {
      previous?.destroy();
      if (this.#isClosed) return;
      this.#connectLater(RENEW_AFTER_MS);
      if (!this.#isUp) this.#tell(true);
    });
    socket.once("close", () => {
      if (this.#isClosed || this.#socket !== socket) return;
      this.#socket = null;
      previous?.destroy();
      this.#connectLater(LOOK_EVERY_MS);
      if (this.#isUp !== false) this.#tell(false);
    });
    // What a server says without being asked is of no use here, but unread it would hide the end.
    socket.resume();
  }

  #tell(isUp: boolean): void {
    const before = this.#isUp;
    this.#isUp = isUp;
    if (isUp) this.#events.onBack();
    else if (before) this.#events.onGone();
  }

  #connectLater(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#connect(), delayMs);
  }
}

/** @returns null where there is no socket to look at */
export function monitorSoundServer(path: string | null, events: ServerMonitorEvents): ServerMonitor | null {
  return path === null ? null : new SocketWatch(path, events);
}
