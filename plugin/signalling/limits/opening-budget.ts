// How often peers may open streams, since each costs processor time whatever it holds.

import type { ClassRates, Rate } from "./rate-budget.ts";

/** A call needs about 60 messages, and a burst of candidates about 20. Each may come with a receipt on another stream. */
export const KNOWN_OPENINGS: Rate = [1_024, 128];
export const STRANGER_OPENINGS: Rate = [256, 32];
export const ALL_STRANGERS_OPENINGS: Rate = [512, 128];
/** Enough to call, and to exchange identity and label. */
export const SCARCE_OPENINGS: Rate = [16, 2];

export const OPENINGS: ClassRates = {
  known: KNOWN_OPENINGS,
  stranger: STRANGER_OPENINGS,
  allStrangers: ALL_STRANGERS_OPENINGS,
  scarce: SCARCE_OPENINGS,
};
