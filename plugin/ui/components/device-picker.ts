// Chooses camera, microphone and speaker: for the running call at once, otherwise for the next one.

import type { CallInfo, Device, DeviceKind } from "../../../rpc-schema/index.ts";
import type { VoiceSetting } from "../actions.ts";
import { button, h, setDialogOpen, setHidden, setText } from "../dom.ts";
import { icon } from "../icons.ts";
import { findCurrent, type Levels, type PageState } from "../store.ts";
import { createLevelMeter } from "./level-meter.ts";

export interface DevicePicker {
  readonly element: HTMLDialogElement;
  open(): void;
  update(state: PageState): void;
  /** Ignored while the dialog is closed, since levels come ten times a second. */
  setLevels(levels: Levels): void;
}

export interface DevicePickerHandlers {
  /** The moment to read the list of devices anew. */
  onOpen(): void;
  /** Resolves with false when the device was refused. */
  onChoose(call: CallInfo | undefined, kind: DeviceKind, deviceId: string): Promise<boolean>;
  /** The same for what is done to the microphone's sound. */
  onVoiceSetting(call: CallInfo | undefined, processing: VoiceSetting, on: boolean): Promise<boolean>;
}

interface Choice {
  id: string;
  name: string;
}

const automatic: Choice = { id: "auto", name: "Automatic" };
const none: Choice = { id: "none", name: "None" };
/** What the plugin offers beside real devices, in case its list leaves them out. */
const builtIn: Record<DeviceKind, readonly Choice[]> = {
  camera: [{ id: "test-pattern", name: "Test picture" }, none],
  microphone: [{ id: "tone", name: "Test tone" }, none],
  speaker: [none],
};

export function createDevicePicker(handlers: DevicePickerHandlers): DevicePicker {
  let call: CallInfo | undefined;
  const choose = (kind: DeviceKind) => (id: string) => handlers.onChoose(call, kind, id);
  const camera = createRow("camera", "Camera", choose("camera"));
  const microphone = createRow("microphone", "Microphone", choose("microphone"));
  const speaker = createRow("speaker", "Speaker", choose("speaker"));
  const microphoneMeter = createLevelMeter("Your microphone's level", "meter-microphone");
  const speakerMeter = createLevelMeter("The other side's level", "meter-speaker");
  const processing = createProcessing((which, on) => handlers.onVoiceSetting(call, which, on));
  microphone.element.append(microphoneMeter.element, processing.element);
  speaker.element.append(speakerMeter.element);
  const close = button(
    { class: "icon-button dialog-close", label: "Close", onClick: () => setDialogOpen(element, false) },
    icon("close"),
  );
  const title = h("h2", { attributes: { id: "devices-title" } }, "Devices");
  const element = h(
    "dialog",
    { class: "dialog", testId: "devices-dialog", attributes: { "aria-labelledby": "devices-title" } },
    h("div", { class: "dialog-head" }, title, close),
    camera.element,
    microphone.element,
    speaker.element,
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
      processing.update(settings);
      setHidden(microphoneMeter.element, !call);
      setHidden(speakerMeter.element, !call);
    },
    setLevels(levels) {
      if (!element.open || levels.callId !== call?.callId) return;
      microphoneMeter.set(levels.microphone);
      speakerMeter.set(levels.speaker);
    },
  };
}

const PROCESSING = [
  ["echoCancellation", "Remove echo"],
  ["noiseSuppression", "Reduce noise"],
  ["automaticGain", "Keep my voice at an even level"],
] as const satisfies [VoiceSetting, string][];

function createProcessing(onChange: (processing: VoiceSetting, on: boolean) => Promise<boolean>) {
  const boxes = PROCESSING.map(([processing, words]) => {
    const attributes = { type: "checkbox", id: `processing-${processing}` };
    const box = h("input", { testId: `processing-${processing}`, attributes });
    const change = async (): Promise<void> => {
      if (!(await onChange(processing, box.checked))) box.checked = !box.checked;
    };
    box.addEventListener("change", () => void change());
    return { processing, box, label: h("label", { class: "check-row" }, box, words) };
  });
  return {
    element: h("div", { class: "processing" }, ...boxes.map(({ label }) => label)),
    update(settings: Readonly<Record<VoiceSetting, boolean>> | undefined): void {
      for (const { processing, box } of boxes) {
        if (settings && document.activeElement !== box) box.checked = settings[processing];
        box.disabled = !settings;
      }
    },
  };
}

function createRow(kind: DeviceKind, title: string, onChoose: (id: string) => Promise<boolean>) {
  const select = h("select", { testId: `device-${kind}`, attributes: { id: `device-${kind}` } });
  const why = h("p", { class: "field-error", testId: `device-${kind}-why` });
  const label = h("label", { attributes: { for: `device-${kind}` } }, title);
  const element = h("div", { class: "device-row" }, label, select, why);
  let shown = "";
  let wanted = automatic.id;
  const choose = async (): Promise<void> => {
    const isTaken = await onChoose(select.value);
    if (!isTaken) select.value = wanted;
  };
  // Refusals are told by whoever answers onChoose; it never rejects.
  select.addEventListener("change", () => void choose());
  return {
    element,
    update(devices: Device[], setting: string | undefined, inCall: CallInfo["local"]["camera"] | undefined) {
      const choices = choicesOf(kind, devices, inCall);
      const key = JSON.stringify(choices);
      if (key !== shown) {
        shown = key;
        select.replaceChildren(...choices.map(({ id, name }) => option(id, name)));
      }
      wanted = inCall?.deviceId ?? setting ?? automatic.id;
      if (select.value !== wanted && document.activeElement !== select) select.value = wanted;
      setText(why, inCall?.state === "lost" ? (inCall.why ?? "This device stopped working.") : "");
    },
  };
}

function choicesOf(
  kind: DeviceKind,
  devices: Device[],
  inCall: CallInfo["local"]["camera"] | undefined,
): Choice[] {
  const missing = builtIn[kind].filter((choice) => !devices.some(({ id }) => id === choice.id));
  const choices: Choice[] = [automatic, ...devices, ...missing];
  const { deviceId, deviceName } = inCall ?? {};
  // A device that was unplugged is not in the list any more, but is still what the call has chosen.
  if (deviceId && !choices.some(({ id }) => id === deviceId)) {
    choices.push({ id: deviceId, name: deviceName ?? deviceId });
  }
  return choices.map(({ id, name }) => ({ id, name }));
}

function option(id: string, name: string): HTMLOptionElement {
  return h("option", { attributes: { value: id } }, name);
}
