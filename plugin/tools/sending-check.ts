// Checks whether a call could send anything. It applies the availability rule of a running plugin to the findings of the
// other checks.

import type { Settings } from "../../rpc-schema/index.ts";
import { judgeAvailability } from "../../statecharts/index.ts";
import { type Finding, failure } from "./finding.ts";
import { NO_MICROPHONE } from "./sound-checks.ts";

/** A device list with one entry if the check of this name passed. */
function devicesFrom(findings: readonly Finding[], name: string) {
  const isOk = findings.some(({ check, verdict }) => check === name && verdict === "ok");
  return isOk ? [{ id: name, name, isDefault: true }] : [];
}

/** A warning may also be about a microphone that is muted. */
function isMicrophoneMissing({ check, says }: Finding): boolean {
  return check === "microphone" && says.startsWith(NO_MICROPHONE);
}

/** @param findings those about cameras and sound @returns a failure if the plugin would refuse calls */
export function checkSending(findings: readonly Finding[], settings: Settings): Finding[] {
  const availability = judgeAvailability(settings, {
    whyNoEngine: null,
    devices: {
      cameras: devicesFrom(findings, "camera"),
      microphones: findings.some(isMicrophoneMissing) ? [] : devicesFrom(findings, "sound server"),
      speakers: [],
    },
    engineRemedy: null,
    closedCameras: [],
    closedNodes: { paths: [], remedy: "" },
  });
  if (!availability.videoDisabled) return [];
  if (availability.cause === "user") {
    const message = "The setting videoDisabled switches calls off, so calls are refused.";
    return [failure("calls", message, "Switch calls on again in the settings")];
  }
  const message = "There is neither a usable camera nor a usable sound device, so calls are refused.";
  return [
    failure(
      "calls",
      message,
      "Plug in a camera or a headset, or follow the advice above for the one that is there",
    ),
  ];
}
