// Detects changes of our own addresses. The node reports some, and a timer compares them regularly, because the operating
// system reports no network change.

import type { Interfaces } from "../../common/ip-address.ts";
import { machineInterfaces } from "../../common/machine-interfaces.ts";
import type { SignallingNode } from "../node.ts";
import type { SelfAddress } from "../port.ts";

interface AddressMonitorOptions {
  readonly node: Pick<SignallingNode, "peerId" | "addresses">;
  readonly checkMs: number;
  /** The addresses that we announce changed. */
  onChange(self: SelfAddress): void;
  /** This machine got or lost an address, also one that we do not announce. Connections may be dead. */
  onNetworkChange(): void;
  /** Those of the system, unless given. */
  interfaces?(): Interfaces;
}

/** Runs from its construction until `close`. */
export class AddressMonitor {
  readonly #options: AddressMonitorOptions;
  readonly #timer: NodeJS.Timeout;
  #known: readonly string[];
  #machine: string;

  constructor(options: AddressMonitorOptions) {
    this.#options = options;
    this.#known = options.node.addresses();
    this.#machine = this.#machineAddresses();
    this.#timer = setInterval(() => this.check(), options.checkMs);
  }

  /** As of the last check. */
  get self(): SelfAddress {
    return { peerId: this.#options.node.peerId, addresses: [...this.#known] };
  }

  check(): void {
    const { node, onChange, onNetworkChange } = this.#options;
    const machine = this.#machineAddresses();
    const isOtherNetwork = machine !== this.#machine;
    this.#machine = machine;
    if (isOtherNetwork) onNetworkChange();
    const addresses = node.addresses();
    if (addresses.join(" ") === this.#known.join(" ")) return;
    this.#known = addresses;
    onChange(this.self);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Their order may change without a reason. */
  #machineAddresses(): string {
    const { interfaces = machineInterfaces } = this.#options;
    const all = Object.entries(interfaces()).flatMap(([name, infos = []]) =>
      infos.map(({ address }) => `${name} ${address}`),
    );
    return all.toSorted().join("\n");
  }
}
