// Lets libp2p ask the connection budget.

import type { Connection, ConnectionGater, MultiaddrConnection } from "@libp2p/interface";
import type { Libp2p } from "libp2p";
import type { ConnectionBudget } from "../limits/connection-budget.ts";
import { addressOf, type PeerSource } from "../limits/peer-class.ts";
import type { StreamSource } from "../node.ts";
import type { MuxerGuards } from "./guarded-muxer.ts";

export class ConnectionGate {
  readonly #budget: ConnectionBudget;
  readonly #guards: MuxerGuards;
  /** Ends the count of a handshake. */
  readonly #handshakes = new WeakMap<MultiaddrConnection, () => void>();
  #connections: () => readonly PeerSource[] = () => [];

  constructor(budget: ConnectionBudget, guards: MuxerGuards) {
    this.#budget = budget;
    this.#guards = guards;
  }

  /** Call it before the node listens. */
  start(libp2p: Libp2p): void {
    this.#connections = () => libp2p.getConnections().map(sourceOf);
  }

  /** True denies, and a denied connection is closed. */
  create(): ConnectionGater {
    return {
      denyInboundConnection: (raw) => !this.#beginHandshake(raw),
      denyInboundUpgradedConnection: (peerId, raw) => {
        this.#handshakes.get(raw)?.();
        this.#guards.assign(peerId.toString());
        const source = { peerId: peerId.toString(), address: addressOf(raw.remoteAddr.toString()) };
        return !this.#budget.admits(source, this.#connections());
      },
      denyOutboundUpgradedConnection: (peerId) => {
        this.#guards.assign(peerId.toString());
        return false;
      },
      denyDialPeer: (peerId) => !this.#budget.mayDial(peerId.toString(), this.#connections()),
      // libp2p's default denies private addresses to browsers only.
      denyDialMultiaddr: () => false,
    };
  }

  #beginHandshake(raw: MultiaddrConnection): boolean {
    const end = this.#budget.beginHandshake(addressOf(raw.remoteAddr.toString()), (error) =>
      raw.abort(error),
    );
    if (!end) return false;
    this.#handshakes.set(raw, end);
    raw.addEventListener("close", end, { once: true });
    return true;
  }
}

export function sourceOf(connection: Connection): StreamSource {
  return {
    peerId: connection.remotePeer.toString(),
    address: addressOf(connection.remoteAddr.toString()),
    disconnect: (error) => connection.abort(error),
  };
}
