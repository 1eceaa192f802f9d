// Whether anything is left to send. The rule is the one by which a running plugin decides it; here it is asked about what
// the other checks found.

import type { Settings } from "../../rpc-schema/index.ts";
import { judgeAvailability } from "../../statecharts/index.ts";
import { type Finding, failure } from "./finding.ts";

/** What a check found good, as the list of devices would name it. */
function found(devices: readonly Finding[], name: string) {
  const isThere = devices.some(({ check, verdict }) => check === name && verdict === "ok");
  return isThere ? [{ id: name, name, isDefault: true }] : [];
}

/** @param devices the findings about cameras and sound @returns a failure where callers would be turned away */
export function checkSending(devices: readonly Finding[], settings: Settings): Finding[] {
  const judged = judgeAvailability(settings, {
    whyNoEngine: null,
    devices: {
      cameras: found(devices, "camera"),
      microphones: found(devices, "sound server"),
      speakers: [],
    },
    closedCameras: [],
    closedNodes: { paths: [], remedy: "" },
  });
  if (!judged.videoDisabled) return [];
  if (judged.cause === "user") {
    const says = "The settings switch calls off (videoDisabled): callers are turned away.";
    return [failure("calls", says, "Switch them on again in the settings")];
  }
  const says = "There is neither a camera nor a sound device that can be used: callers are turned away.";
  return [failure("calls", says, "Put one of the two right; a running plugin notices by itself")];
}
