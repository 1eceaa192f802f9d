// The adapt charts' effects: each second's measurements come in, and the granted shares are applied.

import { fromCallback } from "xstate";
import type { AdaptEvent, AdaptInput, AppliedShare, Measured } from "../../../statecharts/index.ts";
import type { CallEnvironment } from "../environment.ts";

/** Replaces the measurements while adaptation is switched off: frames return to full size at the usual pace. */
const NO_STRAIN: Omit<Measured, "picture" | "maxVideoBps" | "outgoing"> = {
  roundTripMs: null,
  sendLoss: null,
  availableSendBps: null,
  isEncoderBehind: false,
  loopLagMs: null,
  captureDropped: null,
  pageReplaced: null,
};

export function createAdaptEffects({ measurements, mediaOf, frames, settings }: CallEnvironment) {
  return {
    measure: fromCallback<{ type: "none" }, AdaptInput>(({ input, sendBack }) => {
      const report = sendBack as (event: AdaptEvent) => void;
      return measurements.subscribe(input.callId, (measured) =>
        report({
          type: "measured",
          measured: settings.get().adaptation ? measured : { ...measured, ...NO_STRAIN },
        }),
      );
    }),
    apply: ({ callId, direction, share }: AppliedShare): void => {
      if (direction === "sending") mediaOf(callId).limitSending(share);
      else frames.limit(callId, "remote", share);
    },
  };
}
