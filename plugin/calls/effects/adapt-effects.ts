// The adapt charts' effects: each second's measurements come in, and the granted shares are applied.

import { fromCallback } from "xstate";
import {
  type AdaptEvent,
  type AdaptedDirection,
  type AdaptInput,
  type AppliedShare,
  isLimitedFromStart,
  isQueued,
  type Measured,
} from "../../../statecharts/index.ts";
import type { CallEnvironment } from "../environment.ts";
import { withoutStrain } from "../sending/without-strain.ts";

/**
 * @param last the second before; null at the start
 * @returns what a second's measurements mean to the chart of a direction
 */
export function eventsOf(
  measured: Measured,
  direction: AdaptedDirection,
  last: Measured | null = null,
): AdaptEvent[] {
  const isSending = direction === "sending";
  const types = [
    ...(isSending && measured.isScreen !== last?.isScreen ? (["sourceChanged"] as const) : []),
    ...(isSending && isLimitedFromStart(measured) ? (["linkLimited"] as const) : []),
    ...(isSending && isQueued(measured) ? (["linkQueued"] as const) : []),
    "measured" as const,
  ];
  return types.map((type) => ({ type, measured }));
}

export function createAdaptEffects({ measurements, mediaOf, frames, settings }: CallEnvironment) {
  return {
    measure: fromCallback<{ type: "none" }, AdaptInput>(({ input, sendBack }) => {
      const report = sendBack as (event: AdaptEvent) => void;
      let last: Measured | null = null;
      return measurements.subscribe(input.callId, (taken) => {
        const measured = settings.get().adaptation ? taken : withoutStrain(taken);
        for (const event of eventsOf(measured, input.direction, last)) report(event);
        last = measured;
      });
    }),
    apply: ({ callId, direction, share }: AppliedShare): void => {
      if (direction === "sending") mediaOf(callId).limitSending(share);
      else frames.limit(callId, "remote", share);
    },
  };
}
