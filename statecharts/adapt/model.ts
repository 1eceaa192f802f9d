// The words of the adapt chart: the steps in their order, how long a verdict must last, and the effects it names.

import { assign, sendParent, setup } from "xstate";
import type { PictureStep, Strain } from "../../rpc-schema/index.ts";
import { externalAction, externalActivity } from "../not-provided.ts";
import { type AdaptedDirection, assessLoad, type Measured, SHARES, type VideoShare } from "./judge.ts";

export interface AdaptInput {
  readonly callId: string;
  readonly direction: AdaptedDirection;
}

export interface AdaptContext extends AdaptInput {
  readonly step: PictureStep;
  /** What made it the step that it is, or is about to; null when nothing does. */
  readonly strain: Strain | null;
  readonly reason: string | null;
  readonly lastStep: "up" | "down" | null;
  /** Steps up, one after the other, that did not last. */
  readonly failedStepUps: number;
}

export type AdaptEvent = { type: "measured"; measured: Measured };

/** What the call is told. */
export type AdaptReport = {
  type: "adapt.stepped";
  direction: AdaptedDirection;
  step: PictureStep;
  reason: string | null;
};

export interface AppliedShare extends AdaptInput {
  readonly share: VideoShare;
}

/** From the whole picture to none. */
export const STEPS = [
  "full",
  "threeQuarters",
  "half",
  "quarter",
  "thumbnail",
  "paused",
] as const satisfies PictureStep[];

/** A second or two of strain happen to everybody; three in a row do not go away by themselves. */
const STRAIN_MS = 2_500;
/** Slower up than down: each step back up is a risk, each one down a relief. */
const EASE_MS = 10_000;
/** Each step up that did not last doubles the wait for the next, to 80 s: nobody should see the picture pump. */
const MAX_RELAPSES = 3;
/** What WebRTC and its estimate of the way need before figures speak of the new step and not of the old one. */
const SETTLE_MS = 4_000;

export const higherThan = (step: PictureStep): PictureStep | null => STEPS[STEPS.indexOf(step) - 1] ?? null;
export const lowerThan = (step: PictureStep): PictureStep | null => STEPS[STEPS.indexOf(step) + 1] ?? null;

const assessmentOf = ({ context, event }: { context: AdaptContext; event: AdaptEvent }) =>
  assessLoad(event.measured, context.direction, context.step, higherThan(context.step));

export const initialAdapt = ({ input }: { input: AdaptInput }): AdaptContext => ({
  ...input,
  step: "full",
  strain: null,
  reason: null,
  lastStep: null,
  failedStepUps: 0,
});

export const adaptSetup = setup({
  types: { input: {} as AdaptInput, context: {} as AdaptContext, events: {} as AdaptEvent },
  actors: { measure: externalActivity<{ type: "none" }, AdaptInput>("measure") },
  actions: {
    /** Makes pictures smaller and rarer from now on, by shares of what the source gives. */
    apply: externalAction<AppliedShare>("apply"),
    report: sendParent(
      ({ context: { direction, step, reason } }: { context: AdaptContext }): AdaptReport => ({
        type: "adapt.stepped",
        direction,
        step,
        reason,
      }),
    ),
    keepStrain: assign(({ context, event }) => {
      const verdict = assessmentOf({ context, event });
      return verdict.load === "strained" ? { strain: verdict.strain, reason: verdict.reason } : {};
    }),
    stepDown: assign(({ context }) => ({
      step: lowerThan(context.step) ?? context.step,
      failedStepUps: Math.min(context.failedStepUps + (context.lastStep === "up" ? 1 : 0), MAX_RELAPSES),
      lastStep: "down" as const,
    })),
    /** Nobody measures any more: the whole picture, for want of a reason against it. */
    startOver: assign({ step: "full", strain: null, reason: null, lastStep: null, failedStepUps: 0 }),
    stepUp: assign(({ context }) => {
      const step = higherThan(context.step) ?? context.step;
      return {
        step,
        // The step before lasted, or there would have been a step down in between.
        failedStepUps: context.lastStep === "up" ? 0 : context.failedStepUps,
        lastStep: "up" as const,
        ...(step === "full" ? { strain: null, reason: null } : {}),
      };
    }),
  },
  guards: {
    isStrained: ({ context, event }) => assessmentOf({ context, event }).load === "strained",
    isEased: ({ context, event }) => assessmentOf({ context, event }).load === "eased",
    /** Without a picture a call is still a call; a page that draws slowly is still worth a thumbnail. */
    mayPause: ({ context }) => context.direction === "sending",
  },
  delays: {
    settleTime: SETTLE_MS,
    strainTime: STRAIN_MS,
    easeTime: ({ context }) => EASE_MS * 2 ** context.failedStepUps,
  },
});

export const shareOf = ({
  context: { callId, direction, step },
}: {
  context: AdaptContext;
}): AppliedShare => ({
  callId,
  direction,
  share: SHARES[step],
});
