// Whether calls can be made and taken here at all, and if not, why and what to do about it. A pure rule over what was
// found; who looks, and who is told, it does not know.

import type { Availability, DeviceList, Settings, UnavailableCause } from "../../rpc-schema/index.ts";
import { isBuiltIn } from "../media/choice.ts";

/** Device nodes that are there but closed to this user, and the command that opens them. */
export interface ClosedNodes {
  readonly paths: readonly string[];
  readonly remedy: string;
}

/** What the machine has, as far as it was looked at. */
export interface Findings {
  /** Why WebRTC or the addon does not load; null when they do. */
  readonly whyNoEngine: string | null;
  /** Null until the first list has come: nothing is held against a machine that was not looked at. */
  readonly devices: DeviceList | null;
  /** Ids of listed cameras that this user may not open. */
  readonly closedCameras: readonly string[];
  readonly closedNodes: ClosedNodes;
}

export type CallWishes = Pick<Settings, "videoDisabled" | "camera" | "microphone">;

export const AVAILABLE: Availability = Object.freeze({ videoDisabled: false });
const NONE = "none";

/** The user's word goes first, since it holds whatever the machine has. */
export function judgeAvailability(wishes: CallWishes, findings: Findings): Availability {
  if (wishes.videoDisabled) {
    return disabled("user", "You switched calls off. Switch them on again in the settings.");
  }
  if (findings.whyNoEngine !== null) {
    const remedy = "Install the plugin again; goop-call-plugin doctor says what is missing.";
    return disabled("engine", `The part that makes calls does not start: ${findings.whyNoEngine}. ${remedy}`);
  }
  if (findings.devices === null || wantsToListenOnly(wishes) || hasSomethingToSend(wishes, findings)) {
    return AVAILABLE;
  }
  const { paths, remedy } = findings.closedNodes;
  if (paths.length > 0) {
    return disabled("permission", `You may not open ${paths.join(", ")}. ${remedy}`);
  }
  return disabled(
    "device",
    "There is neither a camera nor a microphone. Plug one in: calls work again at once, without a restart.",
  );
}

function disabled(cause: UnavailableCause, why: string): Availability {
  return { videoDisabled: true, cause, why };
}

/** Whoever wants neither camera nor microphone misses neither. */
function wantsToListenOnly({ camera, microphone }: CallWishes): boolean {
  return camera === NONE && microphone === NONE;
}

/** A device that is there and not refused, or what replaces it by the user's own word. */
function hasSomethingToSend(wishes: CallWishes, { devices, closedCameras }: Findings): boolean {
  const canSend = (wish: string, ids: readonly string[]) =>
    isBuiltIn(wish) ? wish !== NONE : ids.some((id) => !isBuiltIn(id));
  const idsOf = (list: readonly { id: string }[] = []) => list.map(({ id }) => id);
  const cameras = idsOf(devices?.cameras).filter((id) => !closedCameras.includes(id));
  return canSend(wishes.camera, cameras) || canSend(wishes.microphone, idsOf(devices?.microphones));
}
