// Decides which calls count as missed: they rang, and our user neither answered nor declined them.

import type { EndReason, PluginNotificationParams } from "../../rpc-schema/index.ts";
import type { RingingCall } from "./ring-sound.ts";

/** How our user, or this side's settings, decline a call that rings. */
const DECLINED: readonly EndReason[] = ["rejected", "busy", "unavailable", "videoDisabled"];

/**
 * @param call as it was before its end
 * @returns whether our user should learn that this peer called
 */
export function isMissed(
  { direction, phase }: RingingCall,
  { reason, endedBy }: Pick<PluginNotificationParams<"call.ended">, "reason" | "endedBy">,
): boolean {
  if (direction !== "incoming" || phase !== "ringing") return false;
  // In glare another call with the same peer goes on.
  if (reason === "superseded") return false;
  return endedBy === "remote" || !DECLINED.includes(reason);
}
