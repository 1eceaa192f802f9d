// Notices at once when the sound server goes away and when it is back, through an idle connection to its socket. Serves
// PulseAudio and PipeWire's PulseAudio replacement. On a machine without such a server nothing is monitored.

import { connect, type Socket } from "node:net";
import { join } from "node:path";

/** A try costs one system call. Sound should be back within two seconds of the server. */
const RETRY_MS = 300;
/** PulseAudio ends a connection that stays idle for a minute. Renewing it in time keeps that from looking like a crash. */
const RENEW_AFTER_MS = 30_000;

interface ServerMonitorEvents {
  /** The server ended the connection. */
  onGone(): void;
  /** The server takes connections again. */
  onBack(): void;
}

/** Follows libpulse: PULSE_SERVER in pulse-client.conf(5). Null for a server that is not on this machine. */
export function soundServerSocket(env: NodeJS.ProcessEnv): string | null {
  const { PULSE_SERVER, PULSE_RUNTIME_PATH, XDG_RUNTIME_DIR } = env;
  if (PULSE_SERVER) return /^(?:\{[^}]*\})?(?:unix:)?(\/.*)$/.exec(PULSE_SERVER)?.[1] ?? null;
  if (PULSE_RUNTIME_PATH) return join(PULSE_RUNTIME_PATH, "native");
  return XDG_RUNTIME_DIR ? join(XDG_RUNTIME_DIR, "pulse", "native") : null;
}

/** Also decides whether the server or a device is at fault. Without a server every fault is the device's. */
export class ServerMonitor {
  readonly #path: string | null;
  readonly #events: ServerMonitorEvents;
  #connection: ServerConnection | null = null;
  #wasUp = false;
  #hasReturned = false;

  constructor(env: NodeJS.ProcessEnv, events: ServerMonitorEvents) {
    this.#path = soundServerSocket(env);
    this.#events = events;
  }

  /** Idempotent. */
  start(): void {
    if (this.#path === null) return;
    this.#connection ??= new ServerConnection(this.#path, {
      onGone: () => {
        this.#hasReturned = false;
        this.#events.onGone();
      },
      onBack: () => {
        this.#hasReturned = this.#wasUp;
        this.#wasUp = true;
        if (this.#hasReturned) this.#events.onBack();
      },
    });
  }

  close(): void {
    this.#connection?.close();
    this.#connection = null;
    this.#wasUp = false;
    this.#hasReturned = false;
  }

  /** @returns true once after each return of the server */
  takeReturn(): boolean {
    const hasReturned = this.#hasReturned;
    this.#hasReturned = false;
    return hasReturned;
  }

  /** @param hasOtherDevices whether other devices exist, which shows that sound works in general */
  isDeviceAtFault(hasOtherDevices: boolean): boolean {
    if (this.#wasUp) return this.#connection?.isUp === true;
    return hasOtherDevices;
  }
}

/** Calls onBack for the first connection too. */
class ServerConnection {
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

  /** False when the last try was refused; null before the first result. */
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
    socket.on("error", () => undefined); // "close" follows every error
    socket.once("connect", () => {
      previous?.destroy();
      if (this.#isClosed) return;
      this.#connectLater(RENEW_AFTER_MS);
      if (!this.#isUp) this.#setUp(true);
    });
    socket.once("close", () => {
      if (this.#isClosed || this.#socket !== socket) return;
      this.#socket = null;
      previous?.destroy();
      this.#connectLater(RETRY_MS);
      if (this.#isUp !== false) this.#setUp(false);
    });
    // Unread data would hide the end of the connection.
    socket.resume();
  }

  #setUp(isUp: boolean): void {
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
