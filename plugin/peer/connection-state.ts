// Observes the state of an engine's connection. Its event alone is not enough: the engine raises it when the former ICE state
// changes (W3C webrtc-pc of 2018), and by then the connection's own state may be the old one. No later event tells the new one.
// A call would then stay "reconnecting" while sound and pictures arrive.

import type { ConnectionState } from "./peer.ts";
import type { WrtcConnection } from "./wrtc-types.ts";

/** Reading the state takes some microseconds. */
const CHECK_MS = 200;

const STATES: readonly string[] = ["new", "connecting", "connected", "disconnected", "failed"];

/** Runs from its construction until `close`. */
export class ConnectionStateObserver {
  readonly #connection: WrtcConnection;
  readonly #onChange: (state: ConnectionState) => void;
  readonly #timer: NodeJS.Timeout;
  #state: ConnectionState = "new";

  constructor(connection: WrtcConnection, onChange: (state: ConnectionState) => void) {
    this.#connection = connection;
    this.#onChange = onChange;
    connection.onconnectionstatechange = () => this.#check();
    this.#timer = setInterval(() => this.#check(), CHECK_MS);
  }

  /** As of the last report. */
  get state(): ConnectionState {
    return this.#state;
  }

  /** Idempotent. No report follows. */
  close(): void {
    clearInterval(this.#timer);
    this.#connection.onconnectionstatechange = null;
  }

  #check(): void {
    const state = this.#connection.connectionState;
    if (!isConnectionState(state) || state === this.#state) return;
    this.#state = state;
    this.#onChange(state);
  }
}

function isConnectionState(state: string): state is ConnectionState {
  return STATES.includes(state);
}
