// Which connections the node accepts. A part is kept for known peers. One address can neither hold all places of strangers nor
// keep others out with connections that do not finish their handshake. A peer that broke a limit is kept out for a while.

import { BoundedMap } from "../../common/bounded-map.ts";
import {
  MAX_CONNECTIONS_AT_ADDRESS,
  MAX_HANDSHAKES,
  MAX_HANDSHAKES_AT_ADDRESS,
  MAX_STRANGER_CONNECTIONS,
} from "../timings.ts";
import { largestGroup } from "./largest-group.ts";
import type { PeerClass, PeerSource } from "./peer-class.ts";
import { type ClassRates, type Rate, RateBudget } from "./rate-budget.ts";

/** How long a peer that broke a limit is kept out. Its handshake is all that it costs then. */
const BARRED_MS = 10_000;
const MAX_BARRED = 1_024;

/** Of one address, which may be that of a whole network. */
const AT_ADDRESS: Rate = [64, 32];
/**
 * Handshakes, by address. Each costs some milliseconds, and who comes is known only at its end. So a known peer at an address of
 * its own needs the scarce share.
 */
export const HANDSHAKES: ClassRates = {
  known: AT_ADDRESS,
  stranger: AT_ADDRESS,
  allStrangers: [64, 16],
  scarce: [2, 0.05],
};

interface Handshake {
  readonly address: string;
  onEvicted(error: Error): void;
}

export class ConnectionBudget {
  readonly #classOf: (peerId: string) => PeerClass;
  readonly #now: () => number;
  /** Peer id → the end of the time for which it is kept out. */
  readonly #barred = new BoundedMap<string, number>(MAX_BARRED);
  /** Connections whose handshake is not finished, the oldest first. */
  readonly #handshakes = new Set<Handshake>();
  readonly #rate: RateBudget;
  #refused = 0;

  /** @param now a monotonic clock in milliseconds */
  constructor(classOf: (peerId: string) => PeerClass, now: () => number = () => performance.now()) {
    this.#classOf = classOf;
    this.#now = now;
    this.#rate = new RateBudget(() => "stranger", HANDSHAKES, now);
  }

  /** The number of refused connections. */
  get refused(): number {
    return this.#refused;
  }

  /**
   * A connection comes, and nothing but its address is known. When too many wait, the oldest of the heaviest address makes room.
   * A silent one is the oldest sooner or later, and an honest one is done long before.
   * @param onEvicted must end the connection @returns null to refuse it; else ends the count, idempotent
   */
  beginHandshake(address: string, onEvicted: (error: Error) => void): (() => void) | null {
    const here = [...this.#handshakes].filter((one) => one.address === address);
    if (here.length >= MAX_HANDSHAKES_AT_ADDRESS || !this.#rate.take(address)) {
      this.#refused += 1;
      return null;
    }
    const handshake = { address, onEvicted };
    this.#handshakes.add(handshake);
    if (this.#handshakes.size > MAX_HANDSHAKES) this.#evictHandshake();
    return () => void this.#handshakes.delete(handshake);
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

  #evictHandshake(): void {
    const [evicted] = largestGroup([...this.#handshakes], ({ address }) => address);
    if (!evicted) return;
    this.#handshakes.delete(evicted);
    this.#refused += 1;
    evicted.onEvicted(new Error("too many connections do not finish their handshake"));
  }
}
