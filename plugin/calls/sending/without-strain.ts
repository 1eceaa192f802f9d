// What the measurements are while adaptation is switched off.

import type { Measured } from "../../../statecharts/index.ts";

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

/** For what adapts by strain. */
export function withoutStrain(taken: Measured): Measured {
  const { outgoing } = taken;
  return { ...taken, ...NO_STRAIN, ...(outgoing ? { outgoing: { ...outgoing, queuedMs: null } } : {}) };
}
