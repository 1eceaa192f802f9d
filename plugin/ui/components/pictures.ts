// The pictures of the call on the stage: the peer's large, the own small, and initials where there is no picture.
// Opens and closes the frame streams as the call's state asks.

import type { CallInfo, FrameDelivery } from "../../../rpc-schema/index.ts";
import { h, setHidden } from "../dom.ts";
import { peerName } from "../messages.ts";
import type { Levels } from "../store.ts";
import type { FrameLink } from "../video/canvas-view.ts";
import { createSourceView } from "../video/source-view.ts";
import { createAvatar } from "./avatar.ts";
import { levelShare } from "./level-meter.ts";

/** The own picture is small on the page; more would only cost the plugin's encoder time. */
const PREVIEW = { maxWidth: 320, maxFps: 15 };

export interface Pictures {
  readonly element: HTMLElement;
  /** @param hasPlugin false: there is nobody to give pictures; they are asked for anew when there is */
  update(call: CallInfo | undefined, hasPlugin: boolean): void;
  /** Lets the peer's sign swell with the voice where there is no picture. */
  setLevels(levels: Levels): void;
}

/** @param delivery the host's choice, asked at each call */
export function createPictures(
  link: FrameLink,
  delivery: () => FrameDelivery,
  onError: (error: unknown) => void,
): Pictures {
  const screenOf = { link, delivery, onError };
  const remoteScreen = createSourceView({ ...screenOf, source: "remote", label: "The other side's picture" });
  const localScreen = createSourceView({
    ...screenOf,
    source: "local",
    label: "Your own picture",
    limits: PREVIEW,
  });
  const avatar = createAvatar("avatar-huge");
  const person = h("div", { class: "person", testId: "call-avatar" }, avatar.element);
  const screens = [...remoteScreen.elements, person, ...localScreen.elements];
  const element = h("div", { class: "pictures", testId: "pictures" }, ...screens);
  let call: CallInfo | undefined;
  const show = (): void => {
    const hasRemote = remote.hasPicture && call?.remote.camera !== "off";
    remoteScreen.setShown(hasRemote);
    setHidden(person, hasRemote);
    localScreen.setShown(local.hasPicture);
  };
  const remote = new Slot(show, remoteScreen.open);
  const local = new Slot(show, localScreen.open);
  return {
    element,
    update(newCall, hasPlugin) {
      call = newCall;
      remote.use(call && hasPlugin && wantsRemote(call) ? call.callId : undefined);
      local.use(call && hasPlugin && wantsLocal(call) ? call.callId : undefined);
      if (call) {
        const name = peerName(call.peerLabel, call.peerId);
        avatar.set(name, call.peerId);
        element.dataset.phase = call.phase;
        // As in a mirror, except the test picture, whose writing would be unreadable.
        localScreen.setMirrored(call.local.camera.deviceId !== "test-pattern");
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

type Open = (callId: string, onFirstFrame: () => void) => { close(): void };

/** One screen that shows at most one call at a time. */
class Slot {
  readonly #open: Open;
  readonly #onChange: () => void;
  #view: ReturnType<Open> | undefined;
  #callId: string | undefined;
  hasPicture = false;

  constructor(onChange: () => void, open: Open) {
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
