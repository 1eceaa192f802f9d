// The pictures of the call on the stage: the peer's large, the own small, and initials where there is no picture.
// Opens and closes the frame streams as the call's state asks.

import type { CallInfo } from "../../rpc-schema/index.ts";
import { createAvatar } from "./avatar.ts";
import { type CanvasView, createCanvasView, type FrameLink } from "./canvas-view.ts";
import { h, setHidden } from "./dom.ts";
import { levelShare } from "./level-meter.ts";
import type { Levels } from "./store.ts";
import { peerName } from "./words.ts";

/** The own picture is small on the page; more would only cost the plugin's encoder time. */
const PREVIEW_WIDTH = 320;
const PREVIEW_FPS = 15;

export interface Pictures {
  readonly element: HTMLElement;
  update(call: CallInfo | undefined): void;
  /** Lets the peer's sign swell with the voice where there is no picture. */
  setLevels(levels: Levels): void;
}

export function createPictures(link: FrameLink, onError: (error: unknown) => void): Pictures {
  const remoteCanvas = h("canvas", {
    class: "remote",
    testId: "remote-canvas",
    label: "The other side's picture",
  });
  const localCanvas = h("canvas", { class: "local", testId: "local-canvas", label: "Your own picture" });
  const avatar = createAvatar("avatar-huge");
  const person = h("div", { class: "person", testId: "call-avatar" }, avatar.element);
  const element = h("div", { class: "pictures", testId: "pictures" }, remoteCanvas, person, localCanvas);
  let call: CallInfo | undefined;
  const show = (): void => {
    const hasRemote = remote.hasPicture && call?.remote.camera !== "off";
    remoteCanvas.dataset.shown = String(hasRemote);
    setHidden(person, hasRemote);
    localCanvas.dataset.shown = String(local.hasPicture);
  };
  const remote = new Slot(show, (callId, onFirstPicture) =>
    createCanvasView({ canvas: remoteCanvas, link, callId, source: "remote", onFirstPicture, onError }),
  );
  const local = new Slot(show, (callId, onFirstPicture) =>
    createCanvasView({
      canvas: localCanvas,
      link,
      callId,
      source: "local",
      maxWidth: PREVIEW_WIDTH,
      maxFps: PREVIEW_FPS,
      onFirstPicture,
      onError,
    }),
  );
  return {
    element,
    update(newCall) {
      call = newCall;
      remote.use(call && wantsRemote(call) ? call.callId : undefined);
      local.use(call && wantsLocal(call) ? call.callId : undefined);
      if (call) {
        const name = peerName(call.peerLabel, call.peerId);
        avatar.set(name, call.peerId);
        element.dataset.phase = call.phase;
        // As in a mirror, except the test picture, whose writing would be unreadable.
        localCanvas.dataset.mirrored = String(call.local.camera.deviceId !== "test-pattern");
      }
      show();
    },
    setLevels(levels) {
      if (levels.callId !== call?.callId) return;
      person.style.setProperty("--level", levelShare(levels.speaker).toFixed(3));
    },
  };
}

/** Already while connecting, so that the first picture finds its stream open. */
function wantsRemote({ media, phase }: CallInfo): boolean {
  return media === "video" && (phase === "connecting" || phase === "connected" || phase === "reconnecting");
}

function wantsLocal({ media, local }: CallInfo): boolean {
  return media === "video" && (local.camera.state === "opening" || local.camera.state === "live");
}

/** One canvas that shows at most one call at a time. */
class Slot {
  readonly #open: (callId: string, onFirstPicture: () => void) => CanvasView;
  readonly #onChange: () => void;
  #view: CanvasView | undefined;
  #callId: string | undefined;
  hasPicture = false;

  constructor(onChange: () => void, open: (callId: string, onFirstPicture: () => void) => CanvasView) {
    this.#onChange = onChange;
    this.#open = open;
  }

  use(callId: string | undefined): void {
    if (callId === this.#callId) return;
    this.#view?.close();
    this.#callId = callId;
    this.hasPicture = false;
    this.#view = callId === undefined ? undefined : this.#open(callId, () => this.#begin(callId));
  }

  #begin(callId: string): void {
    if (callId !== this.#callId) return;
    this.hasPicture = true;
    this.#onChange();
  }
}
