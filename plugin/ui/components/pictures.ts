// The video area of the call on the stage: the remote video large, the local video small, and initials without remote video.
// It opens and closes the frame streams as the call's state requires.

import type { CallInfo, FrameDelivery } from "../../../rpc-schema/index.ts";
import { h, setHidden, setText } from "../dom.ts";
import { errorSentence } from "../error-sentences.ts";
import { peerName } from "../messages.ts";
import type { Levels } from "../store.ts";
import type { FrameLink } from "../video/canvas-view.ts";
import { createSourceView } from "../video/source-view.ts";
import { createAvatar } from "./avatar.ts";
import { levelShare } from "./level-meter.ts";

/** The local video is small on the page. Larger frames would only cost encoding time. */
const PREVIEW = { maxWidth: 320, maxFps: 15 };

export interface Pictures {
  readonly element: HTMLElement;
  /** @param hasPlugin false while the plugin restarts. The streams close, and open again with the next plugin. */
  update(call: CallInfo | undefined, hasPlugin: boolean): void;
  /** Scales the peer's initials with the voice, while there is no remote video. */
  setLevels(levels: Levels): void;
}

/** @param delivery returns the host's choice; read once for each call */
export function createPictures(
  link: FrameLink,
  delivery: () => FrameDelivery,
  onError: (error: unknown) => void,
): Pictures {
  const shared = { link, delivery, onError };
  const wait = h("p", { class: "wait", testId: "remote-wait", attributes: { role: "status" } });
  setHidden(wait, true);
  const remoteView = createSourceView({
    ...shared,
    source: "remote",
    label: "The other side's picture",
    onWait(reason) {
      setHidden(wait, reason === undefined);
      setText(wait, reason === undefined ? "" : errorSentence(reason));
    },
  });
  const localView = createSourceView({
    ...shared,
    source: "local",
    label: "Your own picture",
    limits: PREVIEW,
    // The note about the other side's picture says it.
    onWait: () => undefined,
  });
  const avatar = createAvatar("avatar-huge");
  const person = h("div", { class: "person", testId: "call-avatar" }, avatar.element);
  const views = [...remoteView.elements, person, wait, ...localView.elements];
  const element = h("div", { class: "pictures", testId: "pictures" }, ...views);
  let call: CallInfo | undefined;
  const updateVisibility = (): void => {
    const hasRemote = remote.hasVideo && call?.remote.camera !== "off";
    remoteView.setShown(hasRemote);
    setHidden(person, hasRemote);
    localView.setShown(local.hasVideo);
  };
  const remote = new Slot(updateVisibility, remoteView.open);
  const local = new Slot(updateVisibility, localView.open);
  return {
    element,
    update(newCall, hasPlugin) {
      call = newCall;
      remote.show(call && hasPlugin && wantsRemote(call) ? call.callId : undefined);
      local.show(call && hasPlugin && wantsLocal(call) ? call.callId : undefined);
      if (call) {
        const name = peerName(call.peerLabel, call.peerId);
        avatar.set(name, call.peerId);
        element.dataset.phase = call.phase;
        // The local video is mirrored, except the test pattern, whose text would be unreadable.
        localView.setMirrored(call.local.camera.deviceId !== "test-pattern");
      }
      updateVisibility();
    },
    setLevels(levels) {
      if (levels.callId !== call?.callId) return;
      person.style.setProperty("--level", levelShare(levels.speaker).toFixed(3));
    },
  };
}

/** True already while connecting, so that the stream is open when the first frame arrives. */
function wantsRemote({ media, phase, remote, local }: CallInfo): boolean {
  const isUp = phase === "connecting" || phase === "connected" || phase === "reconnecting";
  // Programs that report nothing may send a picture in a voice call too. It is shown once the user shows one.
  const isOffered = remote.camera === "on" || (remote.camera === "unknown" && isCameraOn(local));
  return isUp && (media === "video" || isOffered);
}

function wantsLocal({ local }: CallInfo): boolean {
  return isCameraOn(local);
}

function isCameraOn({ camera }: CallInfo["local"]): boolean {
  return camera.state === "opening" || camera.state === "live";
}

type Open = (callId: string, onFirstFrame: () => void) => { close(): void };

/** A view that shows at most one call at a time. */
class Slot {
  readonly #open: Open;
  readonly #onChange: () => void;
  #view: ReturnType<Open> | undefined;
  #callId: string | undefined;
  hasVideo = false;

  constructor(onChange: () => void, open: Open) {
    this.#onChange = onChange;
    this.#open = open;
  }

  /** Undefined closes the stream. */
  show(callId: string | undefined): void {
    if (callId === this.#callId) return;
    this.#view?.close();
    this.#callId = callId;
    this.hasVideo = false;
    this.#view = callId === undefined ? undefined : this.#open(callId, () => this.#begin(callId));
  }

  #begin(callId: string): void {
    if (callId !== this.#callId) return;
    this.hasVideo = true;
    this.#onChange();
  }
}
