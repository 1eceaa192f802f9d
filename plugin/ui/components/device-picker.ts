// The dialog that chooses camera, microphone and speaker. In a call a choice takes effect at once, otherwise in the next call.

import type { CallInfo, Device, DeviceKind } from "../../../rpc-schema/index.ts";
import type { VoiceSetting } from "../actions.ts";
import { button, h, setDialogOpen, setHidden, setText } from "../dom.ts";
import { icon } from "../icons.ts";
import { UnansweredChanges } from "../link/unanswered-changes.ts";
import { findCurrent, type Levels, type PageState } from "../store.ts";
import { createLevelMeter } from "./level-meter.ts";

interface DevicePicker {
  readonly element: HTMLDialogElement;
  open(): void;
  update(state: PageState): void;
  /** Levels arrive ten times a second. A closed dialog ignores them. */
  setLevels(levels: Levels): void;
}

export interface DevicePickerHandlers {
  /** Runs when the dialog opens, so that the list of devices can be reloaded. */
  onOpen(): void;
  /** Reports a refusal to the user itself. @returns false when the device was refused */
  onChoose(call: CallInfo | undefined, kind: DeviceKind, deviceId: string): Promise<boolean>;
  /** Opens the device check. */
  onCheck(): void;
  /** The same for voice processing, in a call and outside one. */
  onVoiceSetting(setting: VoiceSetting, on: boolean): Promise<boolean>;
}

interface Choice {
  id: string;
  name: string;
  kind?: Device["kind"];
  port?: Device["port"];
  problem?: Device["problem"];
}

const automatic: Choice = { id: "auto", name: "Automatic" };
const none: Choice = { id: "none", name: "None" };
/** The plugin accepts these besides real devices, also when its list omits them. */
const builtIn: Record<DeviceKind, readonly Choice[]> = {
  camera: [{ id: "test-pattern", name: "Test picture" }, none],
  microphone: [{ id: "tone", name: "Test tone" }, none],
  speaker: [none],
};

export function createDevicePicker(handlers: DevicePickerHandlers): DevicePicker {
  let call: CallInfo | undefined;
  const choose = (kind: DeviceKind) => (id: string) => handlers.onChoose(call, kind, id);
  const camera = createDeviceRow("camera", "Camera", choose("camera"));
  const microphone = createDeviceRow("microphone", "Microphone", choose("microphone"));
  const speaker = createDeviceRow("speaker", "Speaker", choose("speaker"));
  const microphoneMeter = createLevelMeter("Your microphone's level", "meter-microphone");
  const speakerMeter = createLevelMeter("The other side's level", "meter-speaker");
  const voiceSettings = createVoiceSettings(handlers.onVoiceSetting);
  microphone.element.append(microphoneMeter.element, voiceSettings.element);
  speaker.element.append(speakerMeter.element);
  const close = button(
    { class: "icon-button dialog-close", label: "Close", onClick: () => setDialogOpen(element, false) },
    icon("close"),
  );
  const check = checkButton(() => {
    setDialogOpen(element, false);
    handlers.onCheck();
  });
  const title = h("h2", { attributes: { id: "devices-title" } }, "Devices");
  const element = h(
    "dialog",
    { class: "dialog", testId: "devices-dialog", attributes: { "aria-labelledby": "devices-title" } },
    h("div", { class: "dialog-head" }, title, close),
    camera.element,
    microphone.element,
    speaker.element,
    check,
  );

  return {
    element,
    open() {
      handlers.onOpen();
      setDialogOpen(element, true);
    },
    update(state) {
      call = findCurrent(state.calls);
      const { devices, host } = state;
      const settings = host?.settings;
      camera.update(devices.cameras, settings?.camera, call?.local.camera);
      microphone.update(devices.microphones, settings?.microphone, call?.local.microphone);
      speaker.update(devices.speakers, settings?.speaker, call?.local.speaker);
      voiceSettings.update(settings);
      setHidden(microphoneMeter.element, !call);
      setHidden(speakerMeter.element, !call);
      setHidden(check, call !== undefined || host?.plugin.state !== "ready");
    },
    setLevels(levels) {
      if (!element.open || levels.callId !== call?.callId) return;
      microphoneMeter.set(levels.microphone);
      speakerMeter.set(levels.speaker);
    },
  };
}

function checkButton(onClick: () => void): HTMLButtonElement {
  return button({ class: "check-button", testId: "devices-check", onClick }, icon("video"), "Check them");
}

const VOICE_SETTINGS = [
  ["echoCancellation", "Remove echo"],
  ["noiseSuppression", "Reduce noise"],
  ["automaticGain", "Keep my voice at an even level"],
] as const satisfies [VoiceSetting, string][];

function createVoiceSettings(onChange: DevicePickerHandlers["onVoiceSetting"]) {
  let current: Readonly<Record<VoiceSetting, boolean>> | undefined;
  const boxes = VOICE_SETTINGS.map(([setting, text]) => {
    const attributes = { type: "checkbox", role: "switch", id: `processing-${setting}` };
    const box = h("input", { testId: `processing-${setting}`, attributes });
    const unanswered = new UnansweredChanges();
    const show = (): void => {
      if (current && !unanswered.exist) box.checked = current[setting];
      box.disabled = !current;
    };
    // onChange reports refusals itself and never rejects.
    box.addEventListener("change", () => void unanswered.add(onChange(setting, box.checked)).then(show));
    const label = h("label", { class: "setting-title", attributes: { for: box.id } }, text);
    return { show, row: h("div", { class: "setting" }, label, box) };
  });
  return {
    element: h("div", { class: "settings-list" }, ...boxes.map(({ row }) => row)),
    update(settings: typeof current): void {
      current = settings;
      for (const { show } of boxes) show();
    },
  };
}

/** @param prefix of the ids, which are unique in the page */
export function createDeviceRow(
  kind: DeviceKind,
  title: string,
  onChoose: (id: string) => Promise<boolean>,
  prefix = "device",
) {
  const select = h("select", { testId: `${prefix}-${kind}`, attributes: { id: `${prefix}-${kind}` } });
  const why = h("p", { class: "field-error", testId: `${prefix}-${kind}-why` });
  const label = h("label", { attributes: { for: `${prefix}-${kind}` } }, title);
  const element = h("div", { class: "device-row" }, label, select, why);
  let drawnKey = "";
  let current = automatic.id;
  const choose = async (): Promise<void> => {
    const isAccepted = await onChoose(select.value);
    if (!isAccepted) select.value = current;
  };
  // onChoose reports refusals itself and never rejects.
  select.addEventListener("change", () => void choose());
  return {
    element,
    update(devices: Device[], setting: string | undefined, inCall: CallInfo["local"]["camera"] | undefined) {
      const choices = choicesOf(kind, devices, inCall, setting);
      const key = JSON.stringify(choices);
      if (key !== drawnKey) {
        drawnKey = key;
        select.replaceChildren(...choices.map(({ id, name }) => option(id, name)));
      }
      current = inCall?.deviceId ?? wantedId(setting);
      if (select.value !== current && document.activeElement !== select) select.value = current;
      setText(why, inCall?.why ?? (inCall?.state === "lost" ? "This device stopped working." : ""));
    },
  };
}

function choicesOf(
  kind: DeviceKind,
  devices: Device[],
  inCall: CallInfo["local"]["camera"] | undefined,
  setting: string | undefined,
): Choice[] {
  const missing = builtIn[kind].filter((choice) => !devices.some(({ id }) => id === choice.id));
  const choices: Choice[] = [automatic, ...devices, ...missing];
  const { deviceId, deviceName } = inCall ?? {};
  // An unplugged device has left the list, but it may still be the call's choice.
  if (deviceId && !choices.some(({ id }) => id === deviceId)) {
    choices.push({ id: deviceId, name: deviceName ?? deviceId });
  }
  const wanted = wantedId(setting);
  if (!choices.some(({ id }) => id === wanted)) {
    choices.push({ id: wanted, name: `${wanted.replace(/^\w+:/, "")} (not connected)` });
  }
  return choices.map((choice) => ({ id: choice.id, name: labelOf(choice) }));
}

/** Earlier versions gave ids to the sound server as a whole. They mean its default. */
function wantedId(setting: string = automatic.id): string {
  return /^ALSA:(default|pulse|pipewire)$/.test(setting) ? automatic.id : setting;
}

/** The name, with what a user should know before choosing the device. */
function labelOf({ name, kind, port, problem }: Choice): string {
  if (problem === "permission") return `${name} (no permission)`;
  if (problem === "format") return `${name} (its pictures cannot be shown)`;
  if (kind === "monitor") return `${name} (the sound of this computer)`;
  if (kind === "null") return `${name} (no real device)`;
  return port?.available === "no" ? `${name} (nothing plugged in)` : name;
}

function option(id: string, name: string): HTMLOptionElement {
  return h("option", { attributes: { value: id } }, name);
}
