// The call on the stage, from the request to the end: name, duration, quality, video, notes and buttons.

import type { CallInfo, DeviceKind, FrameDelivery } from "../../../rpc-schema/index.ts";
import { h, setHidden, setText } from "../dom.ts";
import { clockText, peerName, phaseText } from "../messages.ts";
import type { Levels } from "../store.ts";
import type { FrameLink } from "../video/canvas-view.ts";
import { createNotes } from "./call-notes.ts";
import { createToolbar, type ToolbarHandlers } from "./call-toolbar.ts";
import { createPictures } from "./pictures.ts";
import { createProtection } from "./protection.ts";
import { createQuality, type Measured } from "./quality.ts";

const CLOCK_TICK_MS = 1_000;

interface CallView {
  readonly element: HTMLElement;
  /**
   * Undefined hides the view and ends its frame streams.
   * @param hasPlugin false while the plugin restarts during the call, when there are no streams
   */
  update(call: CallInfo | undefined, measured: Measured, hasPlugin: boolean): void;
  setLevels(levels: Levels): void;
}

interface CallViewOptions extends ToolbarHandlers {
  link: FrameLink;
  /** The host's choice of frame delivery. Default: `stdio`. */
  delivery?: () => FrameDelivery;
  onError(error: unknown): void;
  onUseDevice(call: CallInfo, kind: DeviceKind, deviceId: string): void;
}

export function createCallView(options: CallViewOptions): CallView {
  const head = createHead();
  const pictures = createPictures(options.link, options.delivery ?? (() => "stdio"), options.onError);
  const quality = createQuality();
  const notes = createNotes(options.onUseDevice);
  const protection = createProtection();
  const toolbar = createToolbar(options);
  head.element.append(quality.sign);
  quality.panel.prepend(protection.element);
  notes.element.prepend(protection.note);
  const element = h(
    "section",
    { class: "call", testId: "call", label: "Call" },
    pictures.element,
    head.element,
    quality.panel,
    notes.element,
    toolbar.element,
  );
  return {
    element,
    update(call, measured, hasPlugin) {
      setHidden(element, !call);
      pictures.update(call, hasPlugin);
      head.update(call);
      protection.update(call);
      if (!call) return;
      element.dataset.media = call.media;
      element.dataset.phase = call.phase;
      element.dataset.callId = call.callId;
      quality.update(call, measured);
      notes.update(call);
      toolbar.update(call);
    },
    setLevels: pictures.setLevels,
  };
}

function createHead() {
  const name = h("h2", { class: "call-name", testId: "call-name", attributes: { tabindex: "-1" } });
  const phase = h("span", { class: "call-phase", testId: "call-phase" });
  const time = h("span", { class: "call-time", testId: "call-time", attributes: { role: "timer" } });
  const element = h("header", { class: "call-head" }, h("div", { class: "call-who" }, name, phase, time));
  let connectedAt: number | undefined;
  /** On the page's monotonic clock, which no change of the date moves. */
  let connectedMs = 0;
  const tick = (): void =>
    setText(time, connectedAt === undefined ? "" : clockText(performance.now() - connectedMs));
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    element,
    update(call: CallInfo | undefined): void {
      if (call?.connectedAt !== connectedAt) {
        connectedAt = call?.connectedAt;
        connectedMs = performance.now() - (Date.now() - (connectedAt ?? 0));
      }
      tick();
      if (connectedAt === undefined) {
        clearInterval(timer);
        timer = undefined;
      } else {
        timer ??= setInterval(tick, CLOCK_TICK_MS);
      }
      phase.dataset.phase = call?.phase ?? "";
      if (!call) return;
      setText(name, peerName(call.peerLabel, call.peerId));
      setText(phase, phaseText(call));
      setHidden(phase, call.phase === "connected");
      setHidden(time, call.phase !== "connected");
    },
  };
}
