// The four classic kinds of NAT (RFC 3489 section 5) in the terms of RFC 4787 sections 4.1 and 5. The mapping decides which
// outer port a packet gets, the filter whose packets may come back. Pure. Each kind was checked against the kernel's nf_nat, whose
// masquerade is a port-restricted cone, or symmetric with fully-random: test/kernel/network.test.ts.

/** An IPv4 address and port such as `192.0.2.1:5000`. */
export type Endpoint = string;

type Scope = "endpoint-independent" | "address-dependent" | "address-and-port-dependent";

interface Behaviour {
  readonly mapping: "endpoint-independent" | "address-and-port-dependent";
  readonly filtering: Scope;
}

export const NAT_KINDS = {
  "full cone": { mapping: "endpoint-independent", filtering: "endpoint-independent" },
  "restricted cone": { mapping: "endpoint-independent", filtering: "address-dependent" },
  "port-restricted cone": { mapping: "endpoint-independent", filtering: "address-and-port-dependent" },
  symmetric: { mapping: "address-and-port-dependent", filtering: "address-and-port-dependent" },
} as const satisfies Record<string, Behaviour>;

export type NatKind = keyof typeof NAT_KINDS;

/** An outer port of the NAT. */
export interface NatMapping {
  /** Whose packets leave from here. */
  readonly inside: Endpoint;
  /** The receivers of packets from here, as far as the filter looks at them. */
  readonly contacted: Set<string>;
}

/** The mappings live until `forget`; RFC 4787 section 4.3 demands two minutes. Linux forgets unanswered ones after 30 s. */
export class NatTable {
  readonly #behaviour: Behaviour;
  readonly #mappings = new Map<string, NatMapping>();

  constructor(kind: NatKind) {
    this.#behaviour = NAT_KINDS[kind];
  }

  /** The mapping of a packet that leaves. It lets answers in from now on. */
  leave(inside: Endpoint, to: Endpoint): NatMapping {
    const isShared = this.#behaviour.mapping === "endpoint-independent";
    const key = isShared ? inside : `${inside} ${to}`;
    const mapping = this.#mappings.get(key) ?? { inside, contacted: new Set() };
    this.#mappings.set(key, mapping);
    mapping.contacted.add(this.#seenBy(to));
    return mapping;
  }

  /** Whether a packet from outside may pass to the inside. */
  mayEnter(mapping: NatMapping, from: Endpoint): boolean {
    return this.#behaviour.filtering === "endpoint-independent" || mapping.contacted.has(this.#seenBy(from));
  }

  /** As after a restart of the router. */
  forget(): void {
    this.#mappings.clear();
  }

  #seenBy(endpoint: Endpoint): string {
    return this.#behaviour.filtering === "address-dependent" ? (endpoint.split(":")[0] ?? "") : endpoint;
  }
}
