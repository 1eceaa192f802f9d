// The row of buttons below a call: microphone, camera, screen, snapshot, devices, hang up.

import type { CallInfo, DeviceState } from "../../../../rpc-schema/index.ts";
import { button, h, setAttribute, setHidden, setText } from "../../dom.ts";
import { type IconName, icon } from "../../icons.ts";
import type { CallKey } from "../../keys.ts";
import type { Levels } from "../../store.ts";
import { levelShare } from "../level-meter.ts";

/** `on` is the state that the user requests. */
export interface ToolbarHandlers {
  onMicrophone(call: CallInfo, on: boolean): void;
  onCamera(call: CallInfo, on: boolean): void;
  /** Begins to share the screen, or stops. */
  onShareScreen(call: CallInfo): void;
  onSnapshot(call: CallInfo): void;
  onDevices(): void;
  onHangUp(call: CallInfo): void;
}

interface Toolbar {
  readonly element: HTMLElement;
  update(call: CallInfo): void;
  /** Shows the user's own voice around the microphone's button. */
  setLevels(levels: Levels): void;
  /** @param why the screen cannot be shared here; undefined where it can */
  setWhyNoScreen(why: string | undefined): void;
  /** Presses a switch, unless it is hidden. */
  press(kind: "microphone" | "camera" | "screen"): void;
}

export function createToolbar(handlers: ToolbarHandlers): Toolbar {
  let call: CallInfo | undefined;
  const withCall = (act: (call: CallInfo) => void) => () => {
    if (call) act(call);
  };
  const microphone = createSwitch("mic-toggle", "microphone", "microphoneOff", {
    names: ["Mute the microphone", "Unmute the microphone"],
    key: "m",
    onPress: withCall((c) => handlers.onMicrophone(c, !isWanted(c, "microphone"))),
  });
  const camera = createSwitch("camera-toggle", "video", "videoOff", {
    names: ["Turn the camera off", "Turn the camera on"],
    key: "v",
    onPress: withCall((c) => handlers.onCamera(c, !isWanted(c, "camera"))),
  });
  const screen = createScreenSwitch(withCall(handlers.onShareScreen));
  const snapshot = plain("snapshot", "snapshot", "Save their picture", withCall(handlers.onSnapshot));
  const devices = plain("call-devices", "devices", "Camera, microphone and speaker", () =>
    handlers.onDevices(),
  );
  const hangUp = plain("hangup", "hangUp", "Hang up", withCall(handlers.onHangUp));
  hangUp.classList.add("danger");
  const buttons = [microphone.element, camera.element, screen.element, snapshot, devices, hangUp];
  const attributes = { role: "toolbar", "aria-label": "Call" };
  const element = h("div", { class: "toolbar", attributes }, ...buttons, screen.why);
  return {
    element,
    update(newCall) {
      call = newCall;
      const isVideo = call.media === "video";
      microphone.update(call.local.microphone, isWanted(call, "microphone"));
      camera.update(call.local.camera, isWanted(call, "camera"));
      screen.update(call);
      const isShown = isVideo || call.remote.camera === "on";
      setHidden(snapshot, !isShown || call.phase !== "connected" || call.remote.camera === "off");
      const isWaiting = call.phase === "requesting" || call.phase === "ringing";
      const label = isWaiting ? "Cancel the call" : "Hang up";
      setAttribute(hangUp, "aria-label", label);
      setAttribute(hangUp, "title", label);
    },
    setLevels(levels) {
      if (levels.callId !== call?.callId) return;
      microphone.element.style.setProperty("--level", levelShare(levels.microphone).toFixed(3));
    },
    setWhyNoScreen: screen.setWhyNot,
    press(kind) {
      const { element: pressed } = { microphone, camera, screen }[kind];
      if (call && !pressed.hidden && !pressed.disabled) pressed.click();
    },
  };
}

/** Before the accept a button shows what will be. Older plugins do not know that, and have all devices off then. */
function isWanted({ wanted, local }: CallInfo, kind: "microphone" | "camera"): boolean {
  return wanted?.[kind] ?? isOn(local[kind]);
}

function isOn({ state }: DeviceState): boolean {
  return state === "live" || state === "opening";
}

function plain(testId: string, iconName: IconName, label: string, onClick: () => void): HTMLButtonElement {
  return button({ class: "tool", testId, label, attributes: { title: label }, onClick }, icon(iconName));
}

interface SwitchOptions {
  /** The label while the switch is on, and while it is off. */
  names: readonly [whileOn: string, whileOff: string];
  key: CallKey;
  onPress(): void;
}

function createSwitch(testId: string, on: IconName, off: IconName, { names, key, onPress }: SwitchOptions) {
  const attributes = { "aria-keyshortcuts": key };
  const element = button({ class: "tool", testId, attributes, onClick: onPress }, icon(on), icon(off));
  return {
    element,
    update(device: DeviceState, isDeviceOn: boolean): void {
      const name = names[isDeviceOn ? 0 : 1];
      element.dataset.on = String(isDeviceOn);
      element.dataset.state = device.state;
      setAttribute(element, "aria-label", name);
      const where = device.deviceName ? `: ${device.deviceName}` : "";
      setAttribute(element, "title", `${name} (${key})${where}`);
    },
  };
}

/** Where nothing can be shared the button stays, and says why when it has the focus and when it is pressed. */
function createScreenSwitch(onPress: () => void) {
  const why = h("span", { class: "announcer", attributes: { id: "share-why" } });
  const attributes = { "aria-keyshortcuts": "d", "aria-describedby": "share-why" };
  const label = "Share your screen";
  const element = button(
    { class: "tool", testId: "share-toggle", label, attributes, onClick: onPress },
    icon("screen"),
  );
  const showTitle = (): void => {
    const isOn = element.getAttribute("aria-pressed") === "true";
    const title = isOn ? "Stop sharing your screen (d)" : `${label} (d)`;
    setAttribute(element, "title", why.textContent || title);
  };
  return {
    element,
    why,
    update({ phase, local }: CallInfo): void {
      // Older plugins cannot share it, and no plugin can before the accept.
      setHidden(element, local.screen === undefined || phase === "requesting" || phase === "ringing");
      setAttribute(
        element,
        "aria-pressed",
        String(local.screen !== undefined && local.screen.state !== "off"),
      );
      showTitle();
    },
    setWhyNot(reason: string | undefined): void {
      setText(why, reason ?? "");
      setAttribute(element, "aria-disabled", String(reason !== undefined));
      showTitle();
    },
  };
}
