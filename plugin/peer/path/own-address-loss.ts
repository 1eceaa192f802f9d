// Detects that the address which the path of a call leaves from is gone: Wi-Fi was left, a VPN went. ICE itself waits some 6 s for
// answers to its checks, and the link waits longer, because most losses are short. This one is not.

import { machineInterfaces } from "../../common/machine-interfaces.ts";

export interface AddressLossOptions {
  /** The address of this machine that the selected path uses; null when that is not known, undefined without a path. */
  usedAddress(): Promise<string | null | undefined>;
  onChange(): void;
  /** Those of this machine, unless given. */
  ownAddresses?(): ReadonlySet<string>;
}

/** Reading the addresses takes some 50 µs. */
const CHECK_MS = 500;

/** Runs from its construction until `close`. */
export class OwnAddressLoss {
  readonly #options: AddressLossOptions;
  readonly #timer: NodeJS.Timeout;
  #known: ReadonlySet<string>;
  #isLost = false;
  /** An address has left since the last comparison began. */
  #isDoubted = false;
  /** An engine that does not answer is not asked again. */
  #isComparing = false;
  #isClosed = false;

  constructor(options: AddressLossOptions) {
    this.#options = options;
    this.#known = this.#ownAddresses();
    this.#timer = setInterval(() => this.#check(), CHECK_MS);
  }

  /** As of the last check. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Idempotent. No callback follows. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
  }

  #check(): void {
    const now = this.#ownAddresses();
    const hasLeft = [...this.#known].some((address) => !now.has(address));
    this.#known = now;
    // ICE may have chosen another path by the next check.
    if (hasLeft) this.#isDoubted = true;
    if ((this.#isDoubted || this.#isLost) && !this.#isComparing) void this.#compare();
  }

  async #compare(): Promise<void> {
    this.#isComparing = true;
    this.#isDoubted = false;
    const used = await this.#options.usedAddress();
    this.#isComparing = false;
    // The engine drops a path without an address before it says so.
    if (this.#isClosed || used === undefined) return;
    const isLost = used !== null && !this.#known.has(used);
    if (isLost === this.#isLost) return;
    this.#isLost = isLost;
    this.#options.onChange();
  }

  #ownAddresses(): ReadonlySet<string> {
    return this.#options.ownAddresses?.() ?? addressesOfMachine();
  }
}

function addressesOfMachine(): ReadonlySet<string> {
  const all = Object.values(machineInterfaces()).flatMap((infos = []) => infos);
  return new Set(all.map(({ address }) => address));
}
