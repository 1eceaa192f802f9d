// Which connections the node accepts. A part is kept for known peers. One address can neither hold all places of strangers nor
// keep others out with connections that do not finish their handshake. A peer that broke a limit is kept out for a while.

import { BoundedMap } from "../../common/bounded-map.ts";
import {
  MAX_CONNECTIONS_AT_ADDRESS,
  MAX_HANDSHAKES_AT_ADDRESS,
  MAX_STRANGER_CONNECTIONS,
} from "../timings.ts";
import type { PeerClass, PeerSource } from "./peer-class.ts";

/** How long a peer that broke a limit is kept out. Its handshake is all that it costs then. */
const BARRED_MS = 10_000;
const MAX_BARRED = 1_024;

export class ConnectionBudget {
  readonly #classOf: (peerId: string) => PeerClass;
  readonly #now: () => number;
  /** Peer id → the end of the time for which it is kept out. */
  readonly #barred = new BoundedMap<string, number>(MAX_BARRED);
  /** Address → connections whose handshake is not finished. */
  readonly #handshakes = new Map<string, number>();
  #refused = 0;

  /** @param now a monotonic clock in milliseconds */
  constructor(classOf: (peerId: string) => PeerClass, now: () => number = () => performance.now()) {
    this.#classOf = classOf;
    this.#now = now;
  }

  /** The number of refused connections. */
  get refused(): number {
    return this.#refused;
  }

  /** A connection comes, and nothing but its address is known. @returns null to refuse it; else ends the count, idempotent */
  beginHandshake(address: string): (() => void) | null {
    const open = this.#handshakes.get(address) ?? 0;
    if (open >= MAX_HANDSHAKES_AT_ADDRESS) {
      this.#refused += 1;
      return null;
    }
    this.#handshakes.set(address, open + 1);
    let isOpen = true;
    return () => {
      if (isOpen) this.#endHandshake(address);
      isOpen = false;
    };
  }

  /** The peer proved its identity. @param others the open connections @returns false to refuse the connection */
  admits({ peerId, address }: PeerSource, others: readonly PeerSource[]): boolean {
    const isAdmitted = this.#classOf(peerId) === "known" || this.#admitsStranger(peerId, address, others);
    if (!isAdmitted) this.#refused += 1;
    return isAdmitted;
  }

  /** Whether we may dial the peer. */
  mayDial(peerId: string, others: readonly PeerSource[]): boolean {
    return this.#classOf(peerId) === "known" || this.#strangersIn(others).length < MAX_STRANGER_CONNECTIONS;
  }

  /** The peer broke a limit. */
  bar(peerId: string): void {
    this.#barred.set(peerId, this.#now() + BARRED_MS);
  }

  #admitsStranger(peerId: string, address: string, others: readonly PeerSource[]): boolean {
    if ((this.#barred.get(peerId) ?? 0) > this.#now()) return false;
    const strangers = this.#strangersIn(others);
    const here = strangers.filter((other) => other.address === address);
    return strangers.length < MAX_STRANGER_CONNECTIONS && here.length < MAX_CONNECTIONS_AT_ADDRESS;
  }

  #strangersIn(others: readonly PeerSource[]): PeerSource[] {
    return others.filter((other) => this.#classOf(other.peerId) === "stranger");
  }

  #endHandshake(address: string): void {
    const left = (this.#handshakes.get(address) ?? 1) - 1;
    if (left > 0) this.#handshakes.set(address, left);
    else this.#handshakes.delete(address);
  }
}
