// A network between two peers of this machine. All their packets pass it if each side gets the other's candidates and
// descriptions as this network changes them.

import type { Candidate } from "../../../../rpc-schema/index.ts";

/** The two peers. A direction is named after its sender. */
export type NetworkSide = "a" | "b";

export interface SimulatedNetwork {
  /** A candidate as the other side may know it; null for one that it must not get. */
  candidateFrom(side: NetworkSide, candidate: Candidate): Candidate | null;
  /** A description with its candidates changed or left out in the same way. */
  descriptionFrom(side: NetworkSide, sdp: string): string;
  /** Idempotent. Packets that wait are dropped. */
  stop(): void;
}
