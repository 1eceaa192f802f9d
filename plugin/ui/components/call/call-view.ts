// The call on the stage, from the request to the end: name, duration, quality, video, notes and buttons.

import type { CallInfo, DeviceKind } from "../../../../rpc-schema/index.ts";
import { h, setHidden, setText } from "../../dom.ts";
import { createFullScreen } from "../../full-screen.ts";
import type { CallKey } from "../../keys.ts";
import { clockText, peerName, phaseText } from "../../messages.ts";
import { ShareScreen, type ShareScreenHandlers } from "../../screen/share-screen.ts";
import { createZoomTools } from "../../screen/zoom-tools.ts";
import type { Levels } from "../../store.ts";
import type { FrameLink } from "../../video/canvas-view.ts";
import type { PageDelivery } from "../../video/source-view.ts";
import { ZOOM_STEP } from "../../video/zoom-pane.ts";
import { createNotes } from "./call-notes.ts";
import { createToolbar, type ToolbarHandlers } from "./call-toolbar.ts";
import { createCallTools } from "./call-tools.ts";
import { createMutedNote } from "./muted-note.ts";
import { createPictures } from "./pictures.ts";
import { createProtection } from "./protection.ts";
import { createQuality, type Measured } from "./quality.ts";

const CLOCK_TICK_MS = 1_000;

interface CallView {
  readonly element: HTMLElement;
  /** The chooser of what is shared. */
  readonly dialog: HTMLElement;
  /**
   * Undefined hides the view and ends its frame streams.
   * @param hasPlugin false while the plugin restarts during the call, when there are no streams
   */
  update(call: CallInfo | undefined, measured: Measured, hasPlugin: boolean): void;
  setLevels(levels: Levels): void;
  /** Does nothing without a call on the stage. */
  pressKey(key: CallKey): void;
}

interface CallViewOptions extends Omit<ToolbarHandlers, "onShareScreen"> {
  link: FrameLink;
  screen: ShareScreenHandlers;
  /** The host's choice of frame delivery. Default: `stdio`. */
  delivery?: () => PageDelivery;
  onError(error: unknown): void;
  onUseDevice(call: CallInfo, kind: DeviceKind, deviceId: string): void;
  /** Opens the list of keys. */
  onHelp(): void;
}

export function createCallView(options: CallViewOptions): CallView {
  const parts = createParts(options);
  const { head, pictures, quality, notes, muted, protection, toolbar, fullScreen, screen, zoomTools } = parts;
  const element = assemble(parts);
  const keyActions: Record<CallKey, () => void> = {
    m: () => toolbar.press("microphone"),
    v: () => toolbar.press("camera"),
    d: () => toolbar.press("screen"),
    f: fullScreen.toggle,
    s: () => pictures.swap(),
    h: () => pictures.toggleOwn(),
    "?": options.onHelp,
  };
  return {
    element,
    dialog: screen.dialog,
    update(call, measured, hasPlugin) {
      setHidden(element, !call);
      pictures.update(call, hasPlugin);
      screen.update(call);
      head.update(call);
      protection.update(call);
      muted.update(call);
      if (!call) {
        fullScreen.leave();
        quality.close();
        return;
      }
      element.dataset.media = call.media;
      element.dataset.phase = call.phase;
      element.dataset.callId = call.callId;
      quality.update(call, measured);
      const { statistics } = measured;
      const isMeasured = statistics?.callId === call.callId;
      pictures.zoom.setSourceWidth(isMeasured ? statistics.receiveWidth : 0);
      notes.update(call);
      toolbar.update(call);
      zoomTools.update(call);
      notes.updateScrolling();
    },
    setLevels(levels) {
      pictures.setLevels(levels);
      toolbar.setLevels(levels);
      muted.setLevels(levels);
    },
    pressKey(key) {
      if (!element.hidden) keyActions[key]();
    },
  };
}

function createParts(options: CallViewOptions) {
  const tools = createCallTools({
    onOwnPicture: () => pictures.toggleOwn(),
    onFullScreen: () => fullScreen.toggle(),
    onHelp: options.onHelp,
  });
  const pictures = createPictures({
    link: options.link,
    delivery: options.delivery ?? (() => "stdio"),
    onError: options.onError,
    onOwnView: tools.setOwnView,
    onZoom: (state) => zoomTools.setZoom(state),
    onCanZoom: (canZoom) => zoomTools.setCanZoom(canZoom),
  });
  const zoomTools = createZoomTools({
    onZoom: (direction) => pictures.zoom.zoomBy(direction === "in" ? ZOOM_STEP : 1 / ZOOM_STEP),
    onFit: () => pictures.zoom.fit(),
    onActualSize: () => pictures.zoom.showActualSize(),
  });
  const toolbar = createToolbar({ ...options, onShareScreen: () => void screen.toggle() });
  const screen = new ShareScreen(options.screen, toolbar.setWhyNoScreen);
  const fullScreen = createFullScreen(document.body, tools.setFullScreen);
  return {
    ...{ tools, pictures, fullScreen, zoomTools, toolbar, screen },
    head: createHead(),
    quality: createQuality(),
    notes: createNotes(options.onUseDevice),
    muted: createMutedNote((call) => options.onMicrophone(call, true)),
    protection: createProtection(),
  };
}

function assemble(parts: ReturnType<typeof createParts>): HTMLElement {
  const { tools, head, pictures, quality, notes, muted, protection, toolbar, zoomTools, screen } = parts;
  head.element.append(h("div", { class: "call-signs" }, quality.sign, tools.element));
  quality.panel.prepend(protection.element);
  notes.element.prepend(muted.element, screen.note, protection.note, pictures.wait);
  return h(
    "section",
    { class: "call", testId: "call", label: "Call" },
    screen.bar,
    pictures.element,
    head.element,
    pictures.ownArea,
    h("div", { class: "call-info" }, quality.panel, notes.element),
    zoomTools.element,
    toolbar.element,
  );
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
