// Size and rate of a call's sent or shown frames. They decrease by named steps while something cannot keep up, and increase
// again slowly. judge.ts decides what counts as not keeping up.

import type { PictureStep } from "../../rpc-schema/index.ts";
import {
  adaptSetup,
  farBelow,
  higherThan,
  initialAdapt,
  lowerSteps,
  lowerThan,
  STEPS,
  shareOf,
} from "./model.ts";

const strained = { guard: "isStrained", target: "strained", actions: "keepStrain" } as const;

/** Only calls start here, so this is the only step that can be too large from the first frame. */
const startDown = lowerSteps("full").map((target) => ({
  target: `#adapt.${target}`,
  guard: { type: "startsTooLarge" as const, params: { step: target } },
  actions: "stepToLink" as const,
}));

/** The first picture after a pause. On a link that is still too narrow the sound would wait behind it until strainTime. */
const trialOver = { target: "#adapt.paused", guard: "isTrial", actions: "endTrial" } as const;

/** The wait for a step up begins again too. */
const sourceChanged = STEPS.map((step) => ({
  target: `#adapt.${step}`,
  guard: { type: "continuesAt" as const, params: { step } },
  actions: "changeSource" as const,
}));

/** The states of one step. Measurements settle first, and must then stay bad or good for a while. */
function stepState(step: PictureStep) {
  const lower = lowerThan(step);
  const higher = higherThan(step);
  const down = lower && {
    target: `#adapt.${lower}`,
    actions: "stepDown" as const,
    guard: lower === "paused" ? ("mayPause" as const) : ("isNextStep" as const),
  };
  // Each step costs strainTime and settleTime, in which the sound waits behind a picture that is too large.
  const farDown = farBelow(step).map((target) => ({
    target: `#adapt.${target}`,
    guard: { type: "isLinkStep" as const, params: { step: target } },
    actions: "stepDown" as const,
  }));
  const up = higher && { target: `#adapt.${higher}`, actions: "stepUp" as const };
  return adaptSetup.createStateConfig({
    initial: "settling",
    entry: [{ type: "apply", params: shareOf }, "report"],
    ...(step === "full" ? { on: { linkLimited: startDown } } : {}),
    ...(step === "thumbnail" ? { on: { linkQueued: trialOver } } : {}),
    states: {
      // Measurements still belong to the previous step.
      settling: { after: { settleTime: "steady" } },
      steady: { on: { measured: [strained, { guard: "isEased", target: "easing" }] } },
      // An interruption restarts the wait, because only lasting strain counts.
      strained: {
        on: {
          measured: [
            { guard: "isStrained", actions: "keepStrain" },
            { guard: "isEased", target: "easing" },
            { target: "steady" },
          ],
        },
        ...(down ? { after: { strainTime: [down, ...farDown] } } : {}),
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
  description: "One direction of a call's video: sent to the peer, or shown on the page",
  context: initialAdapt,
  invoke: {
    src: "measure",
    id: "measure",
    input: ({ context: { callId, direction } }) => ({ callId, direction }),
    onError: { target: "#adapt.full", actions: "startOver" },
  },
  initial: "full",
  on: { sourceChanged },
  states: {
    full: stepState("full"),
    threeQuarters: stepState("threeQuarters"),
    half: stepState("half"),
    quarter: stepState("quarter"),
    thumbnail: stepState("thumbnail"),
    paused: stepState("paused"),
  },
});
