// How big and how often a call's picture is sent, or shown: smaller by named steps while something cannot keep up,
// and back again, slowly. What counts as not keeping up is the judge's rule.

import type { PictureStep } from "../../rpc-schema/index.ts";
import { adaptSetup, higherThan, initialAdapt, lowerThan, shareOf } from "./model.ts";

const strained = { guard: "isStrained", target: "strained", actions: "keepStrain" } as const;

/** A step: figures are let settle, and then must be bad, or good, for a while before they count. */
function stepState(step: PictureStep) {
  const lower = lowerThan(step);
  const higher = higherThan(step);
  const down = lower && {
    target: `#adapt.${lower}`,
    actions: "stepDown" as const,
    ...(lower === "paused" ? { guard: "mayPause" as const } : {}),
  };
  const up = higher && { target: `#adapt.${higher}`, actions: "stepUp" as const };
  return adaptSetup.createStateConfig({
    initial: "settling",
    entry: [{ type: "apply", params: shareOf }, "report"],
    states: {
      // Figures still speak of the step before.
      settling: { after: { settleTime: "steady" } },
      steady: { on: { measured: [strained, { guard: "isEased", target: "easing" }] } },
      // Whatever interrupts the strain begins the wait anew: only what lasts counts.
      strained: {
        on: {
          measured: [
            { guard: "isStrained", actions: "keepStrain" },
            { guard: "isEased", target: "easing" },
            { target: "steady" },
          ],
        },
        ...(down ? { after: { strainTime: down } } : {}),
      },
      easing: {
        on: { measured: [strained, { guard: "isEased" }, { target: "steady" }] },
        ...(up ? { after: { easeTime: up } } : {}),
      },
    },
  });
}

export const adaptMachine = adaptSetup.createMachine({
  id: "adapt",
  description: "One way of a call's picture: what is sent to the peer, or what is shown to the page",
  context: initialAdapt,
  invoke: {
    src: "measure",
    id: "measure",
    input: ({ context: { callId, direction } }) => ({ callId, direction }),
    onError: { target: "#adapt.full", actions: "startOver" },
  },
  initial: "full",
  states: {
    full: stepState("full"),
    threeQuarters: stepState("threeQuarters"),
    half: stepState("half"),
    quarter: stepState("quarter"),
    thumbnail: stepState("thumbnail"),
    paused: stepState("paused"),
  },
});
