// The bench's stages for calls on bad networks.

import { PROFILE_NAMES } from "../../../support/network/simulated/profiles.ts";
import type { FrameSize } from "../../bench-side.ts";
import type { FigureName } from "../../figures.ts";
import { measureBlackouts } from "./blackouts.ts";
import { measureNatPairs } from "./nat-pairs.ts";
import { figuresOf, measureProfile, type NetworkLengths, type SetFigure } from "./profile-calls.ts";

interface NetworkStage {
  readonly what: string;
  readonly figures: readonly FigureName[];
  run(lengths: NetworkLengths, results: { readonly set: SetFigure }): Promise<void>;
}

/** One for each profile, and one for blackouts. */
export function networkStages(size: FrameSize): NetworkStage[] {
  const profiles = PROFILE_NAMES.map(
    (name): NetworkStage => ({
      what: `calls over the network “${name}”, ${size.height}p`,
      figures: figuresOf(name),
      run: (lengths, results) => measureProfile(name, size, lengths, results.set.bind(results)),
    }),
  );
  return [
    ...profiles,
    {
      what: "every pair of NAT kinds, with a TURN server and without",
      figures: ["net.nat.withTurn", "net.nat.withoutTurn"],
      run: (_, results) => measureNatPairs(results.set.bind(results)),
    },
    {
      what: `a call through blackouts of ten seconds, ${size.height}p`,
      figures: ["net.blackout.picture", "net.blackout.sound"],
      run: (lengths, results) => measureBlackouts(size, lengths, results.set.bind(results)),
    },
  ];
}
