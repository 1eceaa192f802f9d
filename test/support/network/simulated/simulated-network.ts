// A network between two peers of this machine. All their packets pass it if each side gets the other's candidates and
// descriptions as this network changes them.

import type { Candidate } from "../../../../rpc-schema/index.ts";
import { type Random, seededRandom } from "../../process/seeded-random.ts";

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

/** Each direction has random numbers of its own, so that the packets of one do not change the fates of the other's. */
export function randomOf(side: NetworkSide, seed = 1): Random {
  return seededRandom(side === "a" ? seed : ~seed);
}
