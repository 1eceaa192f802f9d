// What a NAT does with the packets of one socket behind it, found out from outside as in RFC 5780 section 4. The same questions go
// to the table of the simulated NATs and to the kernel's NAT.

import type { Endpoint } from "../simulated/nat-table.ts";

export interface NatUnderTest {
  /** Sends a packet from the inside. @returns the sender as the receiver sees it */
  leave(to: Endpoint): Promise<Endpoint>;
  /** Sends a packet from each to the outer endpoint, one after the other. @returns those whose packet got in */
  enter(outer: Endpoint, from: readonly Endpoint[]): Promise<readonly Endpoint[]>;
}

export interface NatAnswers {
  /** Whether another destination, and the first one again, see the same outer port. */
  readonly hasOneOuterPort: boolean;
  readonly isStable: boolean;
  /** Who may answer after a packet to the server only. */
  readonly admits: Readonly<Record<"server" | "serversOtherPort" | "stranger", boolean>>;
  /** Whether a stranger gets in after a packet to it. */
  readonly admitsContacted: boolean;
}

export const SERVER: Endpoint = "192.0.2.1:3478";
export const OTHER_PORT: Endpoint = "192.0.2.1:9999";
export const STRANGER: Endpoint = "198.51.100.9:3478";

/** The server's packet is the last: when it arrived, those before it had their chance. */
export async function askNat(nat: NatUnderTest): Promise<NatAnswers> {
  const outer = await nat.leave(SERVER);
  const admitted = await nat.enter(outer, [STRANGER, OTHER_PORT, SERVER]);
  const toStranger = await nat.leave(STRANGER);
  return {
    hasOneOuterPort: toStranger === outer,
    isStable: (await nat.leave(SERVER)) === outer,
    admits: {
      server: admitted.includes(SERVER),
      serversOtherPort: admitted.includes(OTHER_PORT),
      stranger: admitted.includes(STRANGER),
    },
    admitsContacted: (await nat.enter(toStranger, [STRANGER])).includes(STRANGER),
  };
}
