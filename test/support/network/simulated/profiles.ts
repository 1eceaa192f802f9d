// Networks as people have them, after the profiles of RingRTC's call simulator. Each gives the shape of one direction at any
// second of a call; the same seed gives the same course.

import { type Random, seededRandom } from "../../process/seeded-random.ts";
import { FREE_LINK, type LinkShape } from "./link-shape.ts";
import type { NetworkSide } from "./simulated-network.ts";
import type { UdpRelay } from "./udp-relay.ts";

export interface NetworkProfile {
  /** How often the shape changes, in milliseconds; null for one that stays. */
  readonly changesEveryMs: number | null;
  /** @param turn counts the changes from 0 */
  shape(turn: number, random: Random): LinkShape;
}

const MOBILE_BPS = { min: 100_000, max: 1_500_000 };
const SPIKE = { ...FREE_LINK, delayMs: 50, loss: 0.3, lossBurst: 6 };

export const PROFILES = {
  /** 100 ms, 25 more or less; 5 % lost. */
  moderate: lasting({ ...FREE_LINK, delayMs: 75, jitterMs: 50, loss: 0.05 }),
  /** Another continent over a full line: 250 ms, 100 more or less. */
  international: lasting({
    ...FREE_LINK,
    rateBps: 300_000,
    delayMs: 150,
    jitterMs: 200,
    loss: 0.03,
    lossBurst: 3,
    duplicated: 0.02,
    reordered: 0.05,
  }),
  /** Ten seconds of bursts, then ten without. */
  spiky: {
    changesEveryMs: 10_000,
    shape: (turn) => (turn % 2 === 1 ? SPIKE : { ...SPIKE, loss: 0 }),
  },
  /** A train: another bandwidth every three seconds. */
  mobile: {
    changesEveryMs: 3_000,
    shape: (_turn, random) => ({
      ...FREE_LINK,
      rateBps: MOBILE_BPS.min + random.below(MOBILE_BPS.max - MOBILE_BPS.min + 1),
      delayMs: 40,
      jitterMs: 30,
    }),
  },
  /** A home line's upload. */
  "300k": lasting({ ...FREE_LINK, rateBps: 300_000, delayMs: 20 }),
  narrow: lasting({ ...FREE_LINK, rateBps: 64_000, delayMs: 50 }),
} as const satisfies Record<string, NetworkProfile>;

export type ProfileName = keyof typeof PROFILES;
export const PROFILE_NAMES = Object.keys(PROFILES) as ProfileName[];

function lasting(shape: LinkShape): NetworkProfile {
  return { changesEveryMs: null, shape: () => shape };
}

/** @returns the shapes of a direction in the order of their time, one each turn, for a run of that length */
export function courseOf(profile: NetworkProfile, turns: number, seed: number): LinkShape[] {
  const random = seededRandom(seed);
  return Array.from({ length: turns }, (_, turn) => profile.shape(turn, random));
}

/** Shapes both directions of a relay, each with a course of its own. @returns what ends it */
export function applyProfile(
  relay: Pick<UdpRelay, "setShape">,
  profile: NetworkProfile,
  seed: number,
): () => void {
  const randoms: Readonly<Record<NetworkSide, Random>> = { a: seededRandom(seed), b: seededRandom(seed + 1) };
  let turn = 0;
  const apply = () => {
    for (const side of ["a", "b"] as const) relay.setShape(side, profile.shape(turn, randoms[side]));
    turn += 1;
  };
  apply();
  if (profile.changesEveryMs === null) return () => undefined;
  const timer = setInterval(apply, profile.changesEveryMs);
  return () => clearInterval(timer);
}
