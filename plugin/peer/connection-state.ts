// Observes the state of an engine's connection. Its event alone is not enough: the engine raises it when the former ICE state
// changes (W3C webrtc-pc of 2018), and by then the connection's own state may be the old one. No later event tells the new one.
// A call would then stay "reconnecting" while sound and pictures arrive. And a path whose own address is gone has failed, although
// the engine calls it connected for seconds.

import { OwnAddressLoss } from "./path/own-address-loss.ts";
import type { ConnectionState } from "./peer.ts";
import { usedAddress } from "./statistics.ts";
import type { WrtcConnection } from "./wrtc-types.ts";

/** Reading the state takes some microseconds. */
const CHECK_MS = 200;

const STATES: readonly string[] = ["new", "connecting", "connected", "disconnected", "failed"];

/** Runs from its construction until `close`. */
export class ConnectionStateObserver {
  readonly #connection: WrtcConnection;
  readonly #onChange: (state: ConnectionState) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #address: OwnAddressLoss;
  #state: ConnectionState = "new";

  /** @param ownAddresses those of this machine, unless given */
  constructor(
    connection: WrtcConnection,
    onChange: (state: ConnectionState) => void,
    ownAddresses?: () => ReadonlySet<string>,
  ) {
    this.#connection = connection;
    this.#onChange = onChange;
    connection.onconnectionstatechange = () => this.#check();
    this.#address = new OwnAddressLoss({
      // A connection that is closed meanwhile has no path.
      usedAddress: () => connection.getStats().then(usedAddress, () => undefined),
      onChange: () => this.#check(),
      ...(ownAddresses === undefined ? {} : { ownAddresses }),
    });
    this.#timer = setInterval(() => this.#check(), CHECK_MS);
  }

  /** As of the last report. */
  get state(): ConnectionState {
    return this.#state;
  }

  /** Idempotent. No report follows. */
  close(): void {
    clearInterval(this.#timer);
    this.#address.close();
    this.#connection.onconnectionstatechange = null;
  }

  #check(): void {
    const { connectionState } = this.#connection;
    const state = connectionState === "connected" && this.#address.isLost ? "failed" : connectionState;
    if (!isConnectionState(state) || state === this.#state) return;
    this.#state = state;
    this.#onChange(state);
  }
}

function isConnectionState(state: string): state is ConnectionState {
  return STATES.includes(state);
}
