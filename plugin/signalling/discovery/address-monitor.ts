// Detects changes of our own addresses. The node reports some, and a timer compares them regularly, because the operating
// system reports no network change.

import type { SignallingNode } from "../node.ts";
import type { SelfAddress } from "../port.ts";

/** Runs from its construction until `close`. */
export class AddressMonitor {
  readonly #node: SignallingNode;
  readonly #onChange: (self: SelfAddress) => void;
  readonly #timer: NodeJS.Timeout;
  #known: readonly string[];

  constructor(node: SignallingNode, checkMs: number, onChange: (self: SelfAddress) => void) {
    this.#node = node;
    this.#onChange = onChange;
    this.#known = node.addresses();
    this.#timer = setInterval(() => this.check(), checkMs);
  }

  /** As of the last check. */
  get self(): SelfAddress {
    return { peerId: this.#node.peerId, addresses: [...this.#known] };
  }

  check(): void {
    const addresses = this.#node.addresses();
    if (addresses.join(" ") === this.#known.join(" ")) return;
    this.#known = addresses;
    this.#onChange(this.self);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
