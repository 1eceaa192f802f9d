// `Goop.call` and `Goop.callState` for a page of Goop² behind the bridge. Goop²'s own script draws the dialog and the overlay of
// a call. This module draws the frames on canvases, where that script has its `<video>` elements, and repairs what it leaves
// undone: the dialog of a call that stopped ringing, and the reason of a call's end.

import type { CallInfo, PluginNotificationParams } from "../../../rpc-schema/index.ts";
import { LINK_PATH } from "../../http/page-messages.ts";
import { errorSentence } from "../error-sentences.ts";
import { Link } from "../link/page-link.ts";
import type { Listener } from "../listeners.ts";
import { endSentence } from "../messages.ts";
import { GoopCalls, type IncomingCall } from "./goop-calls.ts";
import { GoopSession } from "./goop-session.ts";
import { CallState } from "./goop-state.ts";

type CallEnded = PluginNotificationParams<"call.ended">;

const NOTICE_MS = 8_000;
/** In the corner and the colours of Goop²'s overlay. */
const NOTICE_STYLE = {
  position: "fixed",
  right: "16px",
  bottom: "16px",
  zIndex: "10000",
  maxWidth: "320px",
  padding: "12px 16px",
  borderRadius: "12px",
  background: "#1a1a2e",
  color: "#e0e0e0",
  font: "14px sans-serif",
};
const PREFIX = "/goop-call";

/** Connects to the host that serves the page. @param token of the page, from its script tag */
export function connectPage(token: string) {
  const link = new Link(`ws://${location.host}${PREFIX}${LINK_PATH}`, token);
  const calls = new GoopCalls(link, (info) => new OverlaySession(link, info, reportError));
  const callState = new CallState();
  calls.onChange = (all, ended) => {
    callState.update(all, ended);
    if (ended) showEnd(link, ended).catch(reportError);
  };
  link.connect();
  const { onRestore, activeCalls } = calls;
  const start: GoopCalls["start"] = (peerId, media) =>
    calls.start(peerId, media).catch((error: unknown) => {
      showNotice(errorSentence(error));
      throw error;
    });
  const onIncoming = (listener: Listener<IncomingCall>): void =>
    calls.onIncoming((incoming) => {
      const before = new Set(dialogElements());
      listener(incoming);
      const own = dialogElements().filter((element) => !before.has(element));
      incoming.onEnded(() => {
        for (const element of own) element.remove();
      });
    });
  return { call: { start, onIncoming, onRestore, activeCalls }, callState };
}

/** Goop²'s dialog and its backdrop stay in the page until the user answers, also when the call no longer rings. */
function dialogElements(): Element[] {
  return [...document.querySelectorAll(".goop-call-incoming, .goop-call-backdrop")];
}

/** Goop²'s overlay just closes. The user of this page needs no reason for what they did themselves. */
async function showEnd(link: Link, { peerId, reason, endedBy }: CallEnded): Promise<void> {
  const isExpected = reason === "hungUp" || reason === "superseded" || reason === "cancelled";
  if (isExpected || (endedBy === "local" && reason === "rejected")) return;
  const { contacts } = await link.request("contacts.list", {});
  const label = contacts.find((contact) => contact.peerId === peerId)?.label;
  const message = endSentence(reason, endedBy, label || peerId.slice(-8));
  showNotice(message);
}

/** Goop²'s own notices take HTML, which a peer's name must not become. */
function showNotice(message: string): void {
  const notice = document.createElement("div");
  notice.className = "goop-call-notice";
  notice.setAttribute("role", "status");
  notice.textContent = message;
  Object.assign(notice.style, NOTICE_STYLE);
  notice.onclick = () => notice.remove();
  document.body.append(notice);
  setTimeout(() => notice.remove(), NOTICE_MS);
}

/** A session whose frames appear on a canvas in Goop²'s overlay. */
class OverlaySession extends GoopSession {
  #remoteCanvas: HTMLCanvasElement | undefined;

  override update(info: CallInfo): void {
    super.update(info);
    this.#fitRemote();
  }

  /** Goop² crops a picture to its overlay, and a screen would lose its edges. */
  #fitRemote(): void {
    if (this.#remoteCanvas) this.#remoteCanvas.style.objectFit = this.isRemoteScreen ? "contain" : "cover";
  }

  override onRemoteStream(listener: Listener<MediaStream>): void {
    const canvas = replaceVideo(".goop-call-remote");
    this.#remoteCanvas = canvas;
    this.#fitRemote();
    if (canvas) this.drawRemote(canvas);
    else super.onRemoteStream(listener);
    const overlay = canvas?.closest(".goop-call-overlay");
    if (!overlay) return;
    // Goop² draws a new overlay on each page of the call, and shows both as on.
    showToggle(overlay, ".goop-call-btn-mute", this.isAudioOn || this.state !== "connected");
    showToggle(overlay, ".goop-call-btn-video", this.isVideoOn || this.state !== "connected");
  }

  override onLocalStream(listener: Listener<MediaStream>): void {
    const canvas = replaceVideo(".goop-call-local");
    if (canvas) this.drawLocal(canvas);
    else super.onLocalStream(listener);
  }

  override onRemoteVideoSrc(): void {
    // A `<video>` cannot play the plugin's MJPEG stream.
  }

  override onLocalVideoSrc(): void {
    // The same.
  }
}

/** As a click on the button does. */
function showToggle(overlay: Element, selector: string, isOn: boolean): void {
  const button = overlay.querySelector(selector);
  button?.classList.toggle("active", !isOn);
  button?.querySelector(".icon-on")?.classList.toggle("hidden", !isOn);
  button?.querySelector(".icon-off")?.classList.toggle("hidden", isOn);
}

/**
 * Hides the `<video>` of the newest overlay, whose script keeps using it, and puts a canvas in its place.
 * @returns undefined when the page has no such element
 */
function replaceVideo(selector: string): HTMLCanvasElement | undefined {
  const video = [...document.querySelectorAll(`video${selector}`)].at(-1);
  if (!(video instanceof HTMLVideoElement)) return undefined;
  const canvas = document.createElement("canvas");
  canvas.className = video.className;
  Object.assign(canvas.style, { width: "100%", height: "100%", objectFit: "cover", display: "block" });
  video.style.display = "none";
  video.after(canvas);
  return canvas;
}
