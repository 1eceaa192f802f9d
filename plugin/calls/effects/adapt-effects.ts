// The adapt charts' effects: the figures of each second come in, and shares of the picture go out.

import { fromCallback } from "xstate";
import type { AdaptEvent, AdaptInput, AppliedShare, Measured } from "../../../statecharts/index.ts";
import type { CallEnvironment } from "../environment.ts";

/** What is measured where nobody wants pictures to be adapted: they come back to full size, as slowly as ever. */
const ALL_WELL: Omit<Measured, "picture" | "maxVideoBps"> = {
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
          measured: settings().adaptation ? measured : { ...measured, ...ALL_WELL },
        }),
      );
    }),
    apply: ({ callId, direction, share }: AppliedShare): void => {
      if (direction === "sending") mediaOf(callId).limitSending(share);
      else frames.limit(callId, "remote", share);
    },
  };
}
