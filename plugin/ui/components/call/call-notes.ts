// One line for each irregularity of a call: the other side is muted, a device is lost or back again, the picture is smaller or
// cannot be shown at one side, the connection is lost.

import type { CallInfo, DeviceKind, DeviceState } from "../../../../rpc-schema/index.ts";
import { button, h, setHidden, setText } from "../../dom.ts";
import { icon } from "../../icons.ts";
import { peerName } from "../../messages.ts";
import {
  changedText,
  localTroubleText,
  lostText,
  remoteTroubleText,
  smallerText,
} from "../../notice-texts.ts";

const KINDS = [
  ["microphone", "microphoneOff"],
  ["camera", "videoOff"],
  ["speaker", "speaker"],
] as const satisfies [DeviceKind, Parameters<typeof icon>[0]][];

export function createNotes(onUseDevice: (call: CallInfo, kind: DeviceKind, deviceId: string) => void) {
  const microphoneOff = note("remote-muted", "microphoneOff");
  const cameraOff = note("remote-camera-off", "videoOff");
  const remoteTrouble = note("remote-trouble", "videoOff");
  const localTrouble = note("local-trouble", "videoOff");
  const reconnecting = note("reconnecting", "restart");
  const smaller = note("picture-smaller", "video");
  const devices = KINDS.map(([kind, iconName]) => deviceNotes(kind, iconName, onUseDevice));
  const element = h(
    "div",
    { class: "notes", testId: "notes", attributes: { role: "status" } },
    ...[reconnecting, microphoneOff, cameraOff, remoteTrouble, localTrouble].map((line) => line.element),
    ...devices.flatMap((lines) => lines.elements),
    smaller.element,
  );
  /** Lets the keyboard scroll more lines than there is space for. */
  const updateScrolling = (): void => {
    element.tabIndex = element.scrollHeight > element.clientHeight + 1 ? 0 : -1;
  };
  new ResizeObserver(updateScrolling).observe(element);
  return {
    element,
    update(call: CallInfo): void {
      const { phase, remote, media, sending } = call;
      const isCameraOn = call.local.camera.state === "live";
      const name = peerName(call.peerLabel, call.peerId);
      const isUp = phase === "connected" || phase === "reconnecting";
      reconnecting.set(phase === "reconnecting" && "The connection was lost. Trying to reach them again…");
      microphoneOff.set(isUp && remote.microphone === "off" && `${name} is muted`);
      cameraOff.set(
        isUp && (media === "video" || isCameraOn) && remote.camera === "off" && `${name}’s camera is off`,
      );
      remoteTrouble.set(isUp && remoteTroubleText(call));
      localTrouble.set(isUp && localTroubleText(call));
      smaller.set(isUp && smallerText(sending));
      for (const lines of devices) lines.update(call);
    },
    updateScrolling,
  };
}

/** A device's lines: it is lost, it replaces another one, or the chosen one is back. */
function deviceNotes(
  kind: DeviceKind,
  iconName: Parameters<typeof icon>[0],
  onUse: (call: CallInfo, kind: DeviceKind, deviceId: string) => void,
) {
  let call: CallInfo | undefined;
  const lost = note(`${kind}-lost`, iconName);
  const changed = note(`${kind}-changed`, iconName);
  const offered = note(`${kind}-offered`, iconName);
  const use = button(
    {
      class: "note-button",
      testId: `${kind}-use-offered`,
      onClick: () => {
        const deviceId = call?.local[kind].offered?.deviceId;
        if (call && deviceId) onUse(call, kind, deviceId);
      },
    },
    "Use it",
  );
  offered.element.append(use);
  return {
    elements: [lost.element, changed.element, offered.element],
    update(newCall: CallInfo): void {
      call = newCall;
      const device = newCall.local[kind];
      lost.set(device.state === "lost" && lostText(kind, device));
      changed.set(isReplacement(device) && changedText(kind, device));
      offered.set(device.offered !== undefined && `${device.offered.deviceName} is there again.`);
    },
  };
}

/** True while the device in use replaces another one. */
function isReplacement({ state, why }: DeviceState): boolean {
  return why !== undefined && (state === "live" || state === "muted");
}

/** One line, hidden while its text is false. */
export function note(testId: string, iconName: Parameters<typeof icon>[0]) {
  const content = h("span");
  const element = h("p", { class: "note", testId }, icon(iconName), content);
  return {
    element,
    set(text: string | false): void {
      setHidden(element, text === false);
      setText(content, text === false ? "" : text);
    },
  };
}
