// The types, actions and delays of the adapt chart: the order of the steps, and its effects.

import { assign, sendParent, setup } from "xstate";
import type { PictureStep, Strain } from "../../rpc-schema/index.ts";
import { externalAction, externalActivity } from "../not-provided.ts";
import {
  type AdaptedDirection,
  assessLoad,
  exceedsLink,
  type Measured,
  reasonOfLink,
  reasonOfQueue,
  SHARES,
  stepForLink,
  type VideoShare,
} from "./judge.ts";

export interface AdaptInput {
  readonly callId: string;
  readonly direction: AdaptedDirection;
}

export interface AdaptContext extends AdaptInput {
  readonly step: PictureStep;
  /** The cause of the current step, or of the step that is about to follow; null without a cause. */
  readonly strain: Strain | null;
  readonly reason: string | null;
  readonly lastStep: "up" | "down" | null;
  /** Consecutive steps up that did not last. */
  readonly failedStepUps: number;
  /** The step for which the link is enough, while the link is the strain and its limit is known; otherwise null or absent. */
  readonly linkStep?: PictureStep | null;
  /** The last picture after a pause filled the link, and was taken back at once. Otherwise false or absent. */
  readonly isTrialOver?: boolean;
  /** The last step of what is not sent now, the camera or the screen. Absent before the first screen. */
  readonly otherStep?: PictureStep;
}

/**
 * `linkLimited`: WebRTC found in the first seconds of frames what the link carries. `linkQueued`: packets wait in the link. `measured`
 * follows both. `sourceChanged`: a screen took the camera's place, or gave it back.
 */
export type AdaptEvent = {
  type: "measured" | "linkLimited" | "linkQueued" | "sourceChanged";
  measured: Measured;
};

/** The event for the call. */
export type AdaptReport = {
  type: "adapt.stepped";
  direction: AdaptedDirection;
  step: PictureStep;
  reason: string | null;
};

export interface AppliedShare extends AdaptInput {
  readonly share: VideoShare;
}

/** From full video to none. */
export const STEPS = [
  "full",
  "threeQuarters",
  "half",
  "quarter",
  "thumbnail",
  "paused",
] as const satisfies PictureStep[];

/** One or two seconds of strain are normal. Three in a row do not pass by themselves. */
const STRAIN_MS = 2_500;
/** Slower than a step down, because a step up may cause new strain. */
const EASE_MS = 10_000;
/** A search has measured the room for the first picture after a pause, so that one is no guess. */
const FOUND_EASE_MS = 7_000;
/** Each step up that did not last doubles the wait for the next, up to 80 s, so that the video does not oscillate. */
const MAX_RELAPSES = 3;
/** Time until WebRTC's estimate and the measurements belong to the new step. */
const SETTLE_MS = 4_000;
/** A trial lasts a second or two. The link's queue is empty again as soon. */
const TRIAL_SETTLE_MS = 2_000;

export const higherThan = (step: PictureStep): PictureStep | null => STEPS[STEPS.indexOf(step) - 1] ?? null;
export const lowerThan = (step: PictureStep): PictureStep | null => STEPS[STEPS.indexOf(step) + 1] ?? null;

/** The steps below, from the highest. */
export const lowerSteps = (step: PictureStep): readonly PictureStep[] => STEPS.slice(STEPS.indexOf(step) + 1);
/** The steps that are more than one step below. */
export const farBelow = (step: PictureStep): readonly PictureStep[] => lowerSteps(step).slice(1);

const assessmentOf = ({ context, event }: { context: AdaptContext; event: AdaptEvent }) =>
  assessLoad(event.measured, context.direction, context.step, higherThan(context.step));

const linkStepOf = ({ context: { step }, event }: { context: AdaptContext; event: AdaptEvent }) =>
  stepForLink(event.measured, step, lowerSteps(step));

/** The end of a step down. */
function lowerTarget({ step, linkStep }: AdaptContext): PictureStep | null {
  return linkStep && STEPS.indexOf(linkStep) > STEPS.indexOf(step) ? linkStep : lowerThan(step);
}

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
    /** Reduces size and rate of the frames, relative to the source. */
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
      if (verdict.load !== "strained") return {};
      const { strain, reason } = verdict;
      const linkStep = strain === "link" ? linkStepOf({ context, event }) : null;
      // Logs of earlier versions lack the field.
      return { strain, reason, ...(linkStep === null && !context.linkStep ? {} : { linkStep }) };
    }),
    /** The link carries less than this step from the start. */
    stepToLink: assign(({ context, event }) => ({
      step: linkStepOf({ context, event }) ?? context.step,
      strain: "link" as const,
      reason: reasonOfLink(event.measured, context.step),
      lastStep: "down" as const,
    })),
    stepDown: assign(({ context }) => ({
      step: lowerTarget(context) ?? context.step,
      ...(context.linkStep ? { linkStep: null } : {}),
      ...(context.isTrialOver ? { isTrialOver: false } : {}),
      failedStepUps: Math.min(context.failedStepUps + (context.lastStep === "up" ? 1 : 0), MAX_RELAPSES),
      lastStep: "down" as const,
    })),
    /** It disturbed the sound for a moment only, so the next trial waits no longer than the first. */
    endTrial: assign(({ event }) => ({
      step: "paused" as const,
      strain: "link" as const,
      reason: reasonOfQueue(event.measured),
      lastStep: "down" as const,
      isTrialOver: true,
    })),
    /** Screen and camera need different steps, so each goes on where it was. A first screen begins with the camera's step. */
    changeSource: assign(({ context }) => {
      const step = context.otherStep ?? context.step;
      return {
        ...(step === "full" ? { strain: null, reason: null } : {}),
        ...(context.linkStep ? { linkStep: null } : {}),
        ...(context.isTrialOver ? { isTrialOver: false } : {}),
        ...{ step, otherStep: context.step, lastStep: null, failedStepUps: 0 },
      };
    }),
    /** Without measurements there is no reason to reduce the video. */
    startOver: assign({ step: "full", strain: null, reason: null, lastStep: null, failedStepUps: 0 }),
    stepUp: assign(({ context }) => {
      const step = higherThan(context.step) ?? context.step;
      return {
        step,
        // The previous step up lasted, because no step down followed it.
        failedStepUps: context.lastStep === "up" ? 0 : context.failedStepUps,
        lastStep: "up" as const,
        ...(context.isTrialOver ? { isTrialOver: false } : {}),
        ...(step === "full" ? { strain: null, reason: null } : {}),
      };
    }),
  },
  guards: {
    isStrained: ({ context, event }) => assessmentOf({ context, event }).load === "strained",
    isEased: ({ context, event }) => assessmentOf({ context, event }).load === "eased",
    /** A call works without sent video. A page that draws slowly can still show a thumbnail. */
    mayPause: ({ context }) => context.direction === "sending",
    /** Strain for which the next step is enough, or of which only its presence is known. */
    isNextStep: ({ context }) => lowerTarget(context) === lowerThan(context.step),
    isLinkStep: ({ context }, { step }: { step: PictureStep }) => lowerTarget(context) === step,
    startsTooLarge: ({ context, event }, { step }: { step: PictureStep }) =>
      exceedsLink(event.measured, context.step) && linkStepOf({ context, event }) === step,
    continuesAt: ({ context }, { step }: { step: PictureStep }) =>
      (context.otherStep ?? context.step) === step,
    /** Only a picture after a pause is a trial. A larger one has shown that the link carries some picture. */
    isTrial: ({ context }) => context.lastStep === "up",
  },
  delays: {
    settleTime: ({ context }) => (context.isTrialOver ? TRIAL_SETTLE_MS : SETTLE_MS),
    strainTime: STRAIN_MS,
    easeTime: ({ context: { step, failedStepUps }, event }) => {
      const isFound = step === "paused" && event.measured.outgoing?.isSearchable === true;
      return (isFound ? FOUND_EASE_MS : EASE_MS) * 2 ** failedStepUps;
    },
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
