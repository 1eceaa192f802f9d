// The device check: a dialog with one's own picture, the microphone's level, one's own voice and a test sound. Devices open when
// the user opens the dialog, and close with it.

import type { PreviewInfo } from "../../../../rpc-schema/index.ts";
import { button, h, setDialogOpen, setHidden, setText } from "../../dom.ts";
import { errorSentence } from "../../error-sentences.ts";
import { icon } from "../../icons.ts";
import type { Link } from "../../link/page-link.ts";
import { findCurrent, type PageState } from "../../store.ts";
import { createSourceView, type PageDelivery } from "../../video/source-view.ts";
import { createDeviceRow, type DevicePickerHandlers } from "../device-picker.ts";
import { createLevelMeter } from "../level-meter.ts";

export interface DeviceCheck {
  readonly element: HTMLDialogElement;
  open(): void;
  update(state: PageState): void;
}

interface DeviceCheckOptions extends Pick<DevicePickerHandlers, "onOpen" | "onChoose"> {
  readonly link: Link;
  delivery(): PageDelivery;
  onError(error: unknown): void;
}

/** The picture is as wide as the dialog. */
const PICTURE = { maxWidth: 640, maxFps: 20 };
const SOUND_TEXT: Record<PreviewInfo["sound"], string> = {
  quiet: "",
  recording: "Speak now. You are recorded for three seconds.",
  playing: "This is how you sound. The recording is not kept.",
  testSound: "You should hear three notes.",
};
const OPENING = "Opening your camera…";

/** The name of each fault's device stands before it. */
function faultText(name: string, { state, why }: PreviewInfo["camera"]): string {
  if (why !== undefined) return `${name}: ${why}`;
  return state === "lost" ? `${name}: it stopped working` : "";
}

export function createDeviceCheck(options: DeviceCheckOptions): DeviceCheck {
  return new Check(options);
}

class Check implements DeviceCheck {
  readonly element: HTMLDialogElement;
  readonly #options: DeviceCheckOptions;
  readonly #parts: ReturnType<typeof createParts>;
  #previewId: string | undefined;
  #view: { close(): void } | undefined;
  /** The newest of any page's preview. It can arrive before the answer that names ours. */
  #newest: PreviewInfo | undefined;

  constructor(options: DeviceCheckOptions) {
    this.#options = options;
    this.#parts = createParts(options);
    const { element, hear, test } = this.#parts;
    this.element = element;
    hear.addEventListener("click", () => this.#ask("preview.hearYourself"));
    test.addEventListener("click", () => this.#ask("preview.testSound"));
    element.addEventListener("close", () => {
      if (this.#previewId !== undefined) this.#ask("preview.stop");
      this.#stopped("");
    });
    this.#listen();
    this.#stopped("");
  }

  open(): void {
    this.#options.onOpen();
    this.#stopped(OPENING);
    setDialogOpen(this.element, true);
    this.#start().catch((error: unknown) => this.#parts.stage.clear(errorSentence(error)));
  }

  update(state: PageState): void {
    for (const row of this.#parts.rows) row.update(state);
    const isPossible = state.isConnected && state.host?.plugin.state === "ready";
    // A call uses the devices, and without a plugin there are none.
    const isOver = !isPossible || findCurrent(state.calls) !== undefined;
    if (this.element.open && isOver) setDialogOpen(this.element, false);
  }

  #listen(): void {
    const { link } = this.#options;
    link.on("preview.changed", (info) => {
      this.#newest = info;
      if (info.previewId === this.#previewId) this.#show(info);
    });
    link.on("preview.levels", ({ previewId, microphone }) => {
      if (previewId === this.#previewId) this.#parts.meter.set(microphone);
    });
    link.on("preview.ended", ({ previewId, reason }) => {
      if (previewId !== this.#previewId) return;
      const isReplaced = reason === "replaced";
      if (reason === "call") setDialogOpen(this.element, false);
      else this.#stopped(isReplaced ? "Another window shows its device check now." : "The check is over.");
    });
  }

  async #start(): Promise<void> {
    const answer = await this.#options.link.request("preview.start", {});
    // The user was faster than the answer.
    if (!this.element.open) {
      await this.#options.link.request("preview.stop", {});
      return;
    }
    this.#previewId = answer.previewId;
    if (this.#newest?.previewId === answer.previewId) this.#show(this.#newest);
  }

  #ask(method: "preview.hearYourself" | "preview.testSound" | "preview.stop"): void {
    this.#options.link.request(method, {}).catch(this.#options.onError);
  }

  #show(info: PreviewInfo): void {
    const { stage, hear, test, status, microphoneFault } = this.#parts;
    const hasPicture = info.camera.state === "opening" || info.camera.state === "live";
    if (hasPicture) this.#view ??= stage.open(info.previewId);
    else this.#closeView();
    stage.update(info);
    hear.disabled = info.sound !== "quiet" || info.microphone.state !== "live";
    test.disabled = info.sound !== "quiet";
    setText(status, SOUND_TEXT[info.sound] || (info.soundWhy ? `Speaker: ${info.soundWhy}` : ""));
    setText(microphoneFault, faultText("Microphone", info.microphone));
  }

  /** @param why shown in place of the picture; empty where the user closed the dialog */
  #stopped(why: string): void {
    const { stage, meter, hear, test, status, microphoneFault } = this.#parts;
    this.#previewId = undefined;
    this.#closeView();
    stage.clear(why);
    meter.set(0);
    hear.disabled = true;
    test.disabled = true;
    setText(status, "");
    setText(microphoneFault, "");
  }

  #closeView(): void {
    this.#view?.close();
    this.#view = undefined;
  }
}

function createParts({ link, delivery, onError, onChoose }: DeviceCheckOptions) {
  const stage = createStage({ link, delivery, onError });
  const meter = createLevelMeter("Your microphone's level", "check-meter");
  const microphoneFault = h("p", { class: "field-error", testId: "check-voice-why" });
  const status = h("p", { class: "check-status", testId: "check-status", attributes: { role: "status" } });
  const hear = button({ class: "check-button", testId: "check-hear" }, icon("microphone"), "Hear yourself");
  const test = button({ class: "check-button", testId: "check-sound" }, icon("speaker"), "Test sound");
  const kinds = [
    ["camera", "Camera"],
    ["microphone", "Microphone"],
    ["speaker", "Speaker"],
  ] as const;
  const rows = kinds.map(([kind, title]) => {
    const row = createDeviceRow(kind, title, (id) => onChoose(undefined, kind, id), "check");
    return {
      element: row.element,
      update: ({ devices, host }: PageState) =>
        row.update(devices[`${kind}s`], host?.settings?.[kind], undefined),
    };
  });
  rows[1]?.element.append(meter.element, microphoneFault);
  const title = h("h2", { attributes: { id: "check-title" } }, "Check your devices");
  const element = h(
    "dialog",
    {
      class: "dialog device-check",
      testId: "check-dialog",
      attributes: { "aria-labelledby": "check-title" },
    },
    h(
      "div",
      { class: "dialog-head" },
      title,
      closeButton(() => setDialogOpen(element, false)),
    ),
    stage.element,
    h("p", { class: "check-hint" }, "Nobody else sees or hears this."),
    ...rows.map((row) => row.element),
    h("div", { class: "check-buttons" }, hear, test),
    status,
  );
  return { element, stage, meter, status, microphoneFault, hear, test, rows };
}

function closeButton(onClick: () => void): HTMLButtonElement {
  const props = { class: "icon-button dialog-close", testId: "check-close", label: "Close", onClick };
  return button(props, icon("close"));
}

/** One's own picture, mirrored as in a call, or the reason why there is none. */
function createStage(shared: Pick<DeviceCheckOptions, "link" | "delivery" | "onError">) {
  const picture = createSourceView({
    ...shared,
    source: "local",
    label: "Your own picture",
    testId: "check",
    limits: PICTURE,
    onWait: () => undefined,
  });
  const text = h("p", { class: "check-why", testId: "check-picture-why", attributes: { role: "status" } });
  const say = (why: string): void => {
    setHidden(text, why === "");
    setText(text, why);
  };
  let hasFrame = false;
  return {
    element: h("div", { class: "check-stage", testId: "check-stage" }, ...picture.elements, text),
    open(previewId: string) {
      hasFrame = false;
      return picture.open(previewId, () => {
        hasFrame = true;
        picture.setShown(true);
        say("");
      });
    },
    update({ camera }: PreviewInfo): void {
      picture.setMirrored(camera.deviceId !== "test-pattern");
      const fault = faultText("Camera", camera);
      if (camera.state === "off") say("You have chosen no camera.");
      else say(fault || (hasFrame ? "" : OPENING));
      if (camera.state === "off" || camera.state === "lost") picture.setShown(false);
      else if (hasFrame) picture.setShown(true);
    },
    clear(why: string): void {
      hasFrame = false;
      picture.setShown(false);
      say(why);
    },
  };
}
