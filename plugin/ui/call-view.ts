// One call on the stage, from calling to connected: who, since when, how good, the pictures and the buttons.

import type { CallInfo, CallStatistics } from "../../rpc-schema/index.ts";
import { createToolbar, type ToolbarHandlers } from "./call-toolbar.ts";
import type { FrameLink } from "./canvas-view.ts";
import { h, setHidden, setText } from "./dom.ts";
import { icon } from "./icons.ts";
import { createPictures } from "./pictures.ts";
import { createQuality } from "./quality.ts";
import type { Levels } from "./store.ts";
import { clockWords, peerName, phaseWords } from "./words.ts";

const CLOCK_TICK_MS = 1_000;

export interface CallView {
  readonly element: HTMLElement;
  /** Undefined hides the view and ends its picture streams. */
  update(call: CallInfo | undefined, statistics: CallStatistics | undefined): void;
  setLevels(levels: Levels): void;
}

export interface CallViewOptions extends ToolbarHandlers {
  link: FrameLink;
  onError(error: unknown): void;
}

export function createCallView(options: CallViewOptions): CallView {
  const head = createHead();
  const pictures = createPictures(options.link, options.onError);
  const quality = createQuality();
  const notes = createNotes();
  const toolbar = createToolbar(options);
  head.element.append(quality.sign);
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
    update(call, statistics) {
      setHidden(element, !call);
      pictures.update(call);
      head.update(call);
      if (!call) return;
      element.dataset.media = call.media;
      element.dataset.phase = call.phase;
      element.dataset.callId = call.callId;
      quality.update(call, statistics);
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
  const tick = (): void =>
    setText(time, connectedAt === undefined ? "" : clockWords(Date.now() - connectedAt));
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    element,
    update(call: CallInfo | undefined): void {
      connectedAt = call?.connectedAt;
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
      setText(phase, phaseWords(call));
      setHidden(phase, call.phase === "connected");
      setHidden(time, call.phase !== "connected");
    },
  };
}

/** What is out of the ordinary: the other side's mute, a lost device, a lost connection. */
function createNotes() {
  const microphoneOff = note("remote-muted", "microphoneOff");
  const cameraOff = note("remote-camera-off", "videoOff");
  const reconnecting = note("reconnecting", "restart");
  const lostMicrophone = note("microphone-lost", "microphoneOff");
  const lostCamera = note("camera-lost", "videoOff");
  const lostSpeaker = note("speaker-lost", "speaker");
  const all = [reconnecting, microphoneOff, cameraOff, lostMicrophone, lostCamera, lostSpeaker];
  const element = h(
    "div",
    { class: "notes", attributes: { role: "status" } },
    ...all.map((one) => one.element),
  );
  return {
    element,
    update({ peerLabel, peerId, phase, remote, local, media }: CallInfo): void {
      const name = peerName(peerLabel, peerId);
      const isUp = phase === "connected" || phase === "reconnecting";
      reconnecting.set(phase === "reconnecting" && "The connection was lost. Trying to reach them again…");
      microphoneOff.set(isUp && remote.microphone === "off" && `${name} is muted`);
      cameraOff.set(isUp && media === "video" && remote.camera === "off" && `${name}’s camera is off`);
      lostMicrophone.set(local.microphone.state === "lost" && lost("microphone", local.microphone.why));
      lostCamera.set(local.camera.state === "lost" && lost("camera", local.camera.why));
      lostSpeaker.set(local.speaker.state === "lost" && lost("speaker", local.speaker.why));
    },
  };
}

function lost(device: string, why: string | undefined): string {
  return why ? `Your ${device} stopped: ${why}` : `Your ${device} stopped working`;
}

function note(testId: string, iconName: Parameters<typeof icon>[0]) {
  const words = h("span");
  const element = h("p", { class: "note", testId }, icon(iconName), words);
  return {
    element,
    set(text: string | false): void {
      setHidden(element, text === false);
      setText(words, text === false ? "" : text);
    },
  };
}
