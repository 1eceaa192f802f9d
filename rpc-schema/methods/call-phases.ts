// Which methods fit which phase of a call. The charts decide it, and a test compares this table with them. The reference shows
// it, and the error wrongCallState names the phases that would fit.

import type { CallPhase, Direction } from "../common.ts";
import type { MethodName } from "../registry.ts";

export interface FittingPhases {
  readonly phases: readonly CallPhase[];
  /** Absent: both. */
  readonly direction?: Direction;
  /** What the method also needs, for the reference. */
  readonly note?: string;
}

const ANY = ["requesting", "ringing", "connecting", "connected", "reconnecting"] as const;

/** The methods about one call. In other phases they are refused with wrongCallState, and after the end with unknownCall. */
export const fittingPhases = {
  "call.accept": { phases: ["ringing"], direction: "incoming" },
  "call.reject": { phases: ["ringing"], direction: "incoming" },
  "call.hangup": { phases: ANY },
  "call.setMicrophone": { phases: ANY, note: "before the accept it sets what will be" },
  "call.setCamera": { phases: ANY, note: "before the accept it sets what will be" },
  "call.useDevice": { phases: ANY, note: "before the accept it sets what will be" },
  "call.shareScreen": { phases: ["connecting", "connected", "reconnecting"] },
  "call.stats": { phases: ["connected", "reconnecting"], note: "from the second second of the call on" },
  "call.snapshot": { phases: ANY, note: "without a frame the answer is noPicture" },
  "frames.subscribe": { phases: ANY, note: "frames come as soon as there are some" },
} as const satisfies Partial<Record<MethodName, FittingPhases>>;

export type CallMethodName = keyof typeof fittingPhases;

/** @returns such as "an incoming call in the phase ringing" */
export function fittingCall(method: CallMethodName): string {
  const { phases, direction }: FittingPhases = fittingPhases[method];
  const article = direction === undefined ? "a call" : `an ${direction} call`;
  return `${article} in the phase ${phases.join(" or ")}`;
}
