// The video area of the call on the stage: one picture large, the other one small, and initials without remote video. It opens and
// closes the frame streams as the call's state requires.

import type { CallInfo } from "../../../../rpc-schema/index.ts";
import { h, setAttribute, setHidden, setText } from "../../dom.ts";
import { errorSentence } from "../../error-sentences.ts";
import { peerName } from "../../messages.ts";
import type { Levels } from "../../store.ts";
import type { FrameLink } from "../../video/canvas-view.ts";
import { createSourceView, type PageDelivery } from "../../video/source-view.ts";
import { ZoomPane, type ZoomState } from "../../video/zoom-pane.ts";
import { createAvatar } from "../avatar.ts";
import { levelShare } from "../level-meter.ts";
import { createOwnPicture } from "./own-picture.ts";

/** More frames a second of one's own picture would only cost encoding time. */
const OWN_LIMITS = { maxFps: 15 };

const ZOOM_HINT = "Plus and minus zoom, the arrow keys move, 1 shows the full size, Escape shows everything.";

/** What the user sees of their own picture. */
export interface OwnView {
  /** The camera sends pictures. */
  readonly hasPicture: boolean;
  readonly isHidden: boolean;
}

export interface Pictures {
  /** The large picture. */
  readonly element: HTMLElement;
  /** The space of the small picture. */
  readonly ownArea: HTMLElement;
  /** Why the remote video is not there yet. */
  readonly wait: HTMLElement;
  /** Enlarges the other side's screen while it is the large picture. */
  readonly zoom: ZoomPane;
  /** @param hasPlugin false while the plugin restarts. The streams close, and open again with the next plugin. */
  update(call: CallInfo | undefined, hasPlugin: boolean): void;
  /** Scales the peer's initials with the voice, while there is no remote video. */
  setLevels(levels: Levels): void;
  /** Does nothing while one of the pictures is missing. */
  swap(): void;
  /** Hides the user's own picture from the user, or shows it again. The other side goes on seeing it. */
  toggleOwn(): void;
}

interface PicturesOptions {
  readonly link: FrameLink;
  /** Returns the host's choice; read once for each call. */
  readonly delivery: () => PageDelivery;
  onError(error: unknown): void;
  onOwnView(view: OwnView): void;
  onZoom(state: ZoomState): void;
  /** Whether the other side's screen is the large picture. */
  onCanZoom(canZoom: boolean): void;
}

export function createPictures(options: PicturesOptions): Pictures {
  return new CallPictures(options);
}

class CallPictures implements Pictures {
  readonly element: HTMLElement;
  readonly ownArea: HTMLElement;
  readonly wait: HTMLElement;
  readonly zoom: ZoomPane;
  readonly #options: PicturesOptions;
  readonly #views: ReturnType<typeof createViews>;
  readonly #avatar = createAvatar("avatar-huge");
  readonly #person = h("div", { class: "person", testId: "call-avatar" }, this.#avatar.element);
  readonly #own = createOwnPicture(() => this.swap());
  readonly #remote: Slot;
  readonly #local: Slot;
  #call: CallInfo | undefined;
  #hasPlugin = false;
  #wantsSwap = false;
  #isSwapped = false;
  #isOwnHidden = false;

  constructor(options: PicturesOptions) {
    this.#options = options;
    this.wait = h("p", { class: "note wait", testId: "remote-wait" });
    setHidden(this.wait, true);
    this.#views = createViews(options, this.wait);
    const { remote, local } = this.#views;
    this.element = h("div", { class: "pictures", testId: "pictures" }, ...remote.elements, this.#person);
    this.zoom = new ZoomPane({ pane: this.element, elements: remote.elements, onChange: options.onZoom });
    this.ownArea = this.#own.area;
    this.#own.box.append(...local.elements);
    this.#own.setSwapped(false);
    this.#remote = new Slot(() => this.#show(), remote.open);
    this.#local = new Slot(() => this.#show(), local.open);
  }

  update(call: CallInfo | undefined, hasPlugin: boolean): void {
    // The next call begins as calls do.
    if (call?.callId !== this.#call?.callId) [this.#wantsSwap, this.#isOwnHidden] = [false, false];
    // A screen is shared to be read.
    if (call && hasRemoteScreen(call) && !(this.#call && hasRemoteScreen(this.#call)))
      this.#wantsSwap = false;
    [this.#call, this.#hasPlugin] = [call, hasPlugin];
    this.#remote.show(call && hasPlugin && wantsRemote(call) ? call.callId : undefined);
    this.#openLocal();
    if (call) {
      const name = peerName(call.peerLabel, call.peerId);
      this.#avatar.set(name, call.peerId);
      this.element.dataset.phase = call.phase;
      // The local video is mirrored, except the test pattern, whose text would be unreadable.
      const isFace = call.local.camera.deviceId !== "test-pattern" && !isSharing(call);
      this.#views.local.setMirrored(isFace);
      this.#views.remote.setContent(hasRemoteScreen(call) ? "screen" : "camera");
    }
    this.#show();
  }

  setLevels(levels: Levels): void {
    if (levels.callId !== this.#call?.callId) return;
    this.#person.style.setProperty("--level", levelShare(levels.speaker).toFixed(3));
  }

  swap(): void {
    // The sign of one's own screen has nothing to enlarge.
    if (this.#call !== undefined && showsItself(this.#call)) return;
    this.#wantsSwap = !this.#isSwapped;
    this.#show();
  }

  toggleOwn(): void {
    this.#isOwnHidden = !this.#isOwnHidden;
    this.#wantsSwap = false;
    this.#openLocal();
    this.#show();
  }

  #openLocal(): void {
    const call = this.#call;
    const isWanted = call && this.#hasPlugin && !this.#isOwnHidden && wantsLocal(call);
    this.#local.show(isWanted ? call.callId : undefined);
  }

  #show(): void {
    const call = this.#call;
    const hasLocal = this.#local.hasVideo;
    const hasRemote = this.#remote.hasVideo && call?.remote.camera !== "off";
    this.#setSwapped(this.#wantsSwap && hasRemote && hasLocal);
    this.#views.remote.setShown(hasRemote);
    setHidden(this.#person, hasRemote);
    this.#views.local.setShown(hasLocal);
    const hasSign = call !== undefined && showsItself(call) && !this.#isOwnHidden;
    this.#own.setScreenSign(hasSign && !this.#isSwapped);
    this.#own.setShown(this.#isSwapped || hasLocal || hasSign);
    const hasPicture = call !== undefined && (wantsLocal(call) || isSharing(call));
    this.#options.onOwnView({ hasPicture, isHidden: this.#isOwnHidden });
    this.#showZoom(hasRemote);
  }

  #showZoom(hasRemote: boolean): void {
    const call = this.#call;
    const isScreen = call !== undefined && hasRemoteScreen(call) && !this.#isSwapped;
    const canZoom = isScreen && hasRemote;
    this.element.dataset.screen = String(isScreen);
    this.zoom.setActive(canZoom);
    if (canZoom) {
      this.element.tabIndex = 0;
      setAttribute(this.element, "role", "group");
      setAttribute(this.element, "aria-label", `The screen of ${peerName(call.peerLabel, call.peerId)}`);
      setAttribute(this.element, "aria-description", ZOOM_HINT);
    } else {
      for (const name of ["tabindex", "role", "aria-label", "aria-description"]) {
        this.element.removeAttribute(name);
      }
    }
    this.#options.onCanZoom(canZoom);
  }

  #setSwapped(isSwapped: boolean): void {
    if (isSwapped === this.#isSwapped) return;
    this.#isSwapped = isSwapped;
    const { remote, local } = this.#views;
    const [large, small] = isSwapped ? [local, remote] : [remote, local];
    this.element.prepend(...large.elements);
    this.#own.box.append(...small.elements);
    this.#own.setSwapped(isSwapped);
  }
}

/** @param wait says why the remote video is not there yet */
function createViews({ link, delivery, onError }: PicturesOptions, wait: HTMLElement) {
  const shared = { link, delivery, onError };
  const remote = createSourceView({
    ...shared,
    source: "remote",
    label: "The other side's picture",
    onWait(reason) {
      setHidden(wait, reason === undefined);
      setText(wait, reason === undefined ? "" : errorSentence(reason));
    },
  });
  const local = createSourceView({
    ...shared,
    source: "local",
    label: "Your own picture",
    limits: OWN_LIMITS,
    // The note about the other side's picture says it.
    onWait: () => undefined,
  });
  return { remote, local };
}

/** True already while connecting, so that the stream is open when the first frame arrives. */
function wantsRemote({ media, phase, remote, local }: CallInfo): boolean {
  const isUp = phase === "connecting" || phase === "connected" || phase === "reconnecting";
  // Programs that report nothing may send a picture in a voice call too. It is shown once the user shows one.
  const isOffered = remote.camera === "on" || (remote.camera === "unknown" && isCameraOn(local));
  return isUp && (media === "video" || isOffered);
}

function wantsLocal(call: CallInfo): boolean {
  return isSharing(call) ? !showsItself(call) : isCameraOn(call.local);
}

function isSharing({ local }: CallInfo): boolean {
  return local.screen?.state === "live";
}

/** A monitor shows this page, as far as the page can know. So does the window with its title. */
function showsItself(call: CallInfo): boolean {
  const { screen } = call.local;
  if (screen?.state !== "live") return false;
  const ownTitle = `${peerName(call.peerLabel, call.peerId)} – `;
  return screen.kind !== "window" || !screen.name || screen.name.includes(ownTitle);
}

function hasRemoteScreen({ phase, remote }: CallInfo): boolean {
  return remote.screen === true && (phase === "connected" || phase === "reconnecting");
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
