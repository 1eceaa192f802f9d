// Decides whether this machine can make and take calls, and if not, why and what the user can do. A pure rule over the
// findings of the availability service.

import type { Availability, DeviceList, Settings, UnavailableCause } from "../../rpc-schema/index.ts";
import { isBuiltIn, isOrdinary } from "../media/choice.ts";

/** Device nodes that this user may not open, and the command that gives access. */
export interface ClosedNodes {
  readonly paths: readonly string[];
  readonly remedy: string;
}

/** What is known about the machine. */
export interface Findings {
  /** Why WebRTC or the addon does not load; null when they do. */
  readonly whyNoEngine: string | null;
  /** What to do about it; null for the general advice. */
  readonly engineRemedy: string | null;
  /** Null until the first list arrives. Until then calls count as possible. */
  readonly devices: DeviceList | null;
  /** Ids of listed cameras that cannot be opened. */
  readonly closedCameras: readonly string[];
  readonly closedNodes: ClosedNodes;
}

export type CallSettings = Pick<Settings, "videoDisabled" | "camera" | "microphone">;

export const AVAILABLE: Availability = Object.freeze({ videoDisabled: false });
const NONE = "none";
const ASK_DOCTOR = "goop-call-plugin doctor says why.";
const INSTALL_AGAIN = "Install the plugin again; goop-call-plugin doctor says what is missing.";

/** The user's setting comes first, because it applies to any machine. */
export function judgeAvailability(settings: CallSettings, findings: Findings): Availability {
  if (settings.videoDisabled) {
    return disabled("user", "You switched calls off. Switch them on again in the settings.");
  }
  if (findings.whyNoEngine !== null) {
    const remedy = findings.engineRemedy ?? INSTALL_AGAIN;
    return disabled("engine", `The part that makes calls does not start: ${findings.whyNoEngine}. ${remedy}`);
  }
  if (findings.devices === null || wantsToListenOnly(settings) || hasSomethingToSend(settings, findings)) {
    return AVAILABLE;
  }
  const { paths, remedy } = findings.closedNodes;
  if (paths.length > 0) {
    return disabled("permission", `You may not open ${paths.join(", ")}. ${remedy}`);
  }
  const unreadable = findings.devices.cameras.filter(({ problem }) => problem === "format");
  if (unreadable.length > 0) {
    const names = unreadable.map(({ name }) => name).join(", ");
    return disabled(
      "device",
      `The pictures of ${names} cannot be shown, and there is no microphone. ${ASK_DOCTOR}`,
    );
  }
  return disabled(
    "device",
    "There is neither a camera nor a microphone. Plug one in: calls work again at once, without a restart.",
  );
}

function disabled(cause: UnavailableCause, why: string): Availability {
  return { videoDisabled: true, cause, why };
}

/** A user who switched off camera and microphone needs neither. */
function wantsToListenOnly({ camera, microphone }: CallSettings): boolean {
  return camera === NONE && microphone === NONE;
}

/** @returns whether a device is available and permitted, or the settings name a built-in one */
function hasSomethingToSend(settings: CallSettings, { devices, closedCameras }: Findings): boolean {
  const canSend = (setting: string, ids: readonly string[]) =>
    isBuiltIn(setting) ? setting !== NONE : ids.some((id) => !isBuiltIn(id));
  const idsOf = (list: readonly { id: string }[] = []) => list.map(({ id }) => id);
  const cameras = idsOf(devices?.cameras).filter((id) => !closedCameras.includes(id));
  const microphones = devices?.microphones.filter((one) => isOrdinary(one) || one.id === settings.microphone);
  return canSend(settings.camera, cameras) || canSend(settings.microphone, idsOf(microphones));
}
