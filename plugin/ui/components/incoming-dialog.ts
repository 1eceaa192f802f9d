// The dialog for an incoming call. It opens when the call rings and closes when the ringing ends.

import type { CallInfo, MediaKind } from "../../../rpc-schema/index.ts";
import { button, h, setDialogOpen, setHidden, setText } from "../dom.ts";
import { type IconName, icon } from "../icons.ts";
import { peerName } from "../messages.ts";
import { createAvatar } from "./avatar.ts";
import { createAnswerSwitches } from "./before-call/answer-switches.ts";

interface IncomingHandlers {
  /** Without `media` the call's kind and the switches decide. */
  onAccept(callId: string, media?: MediaKind): void;
  onDecline(callId: string): void;
  onMicrophone(call: CallInfo, on: boolean): void;
  onCamera(call: CallInfo, on: boolean): void;
}

interface IncomingDialog {
  readonly element: HTMLDialogElement;
  /** Undefined closes the dialog. */
  update(call: CallInfo | undefined): void;
}

export function createIncomingDialog(handlers: IncomingHandlers): IncomingDialog {
  let callId = "";
  let isVideo = false;
  const avatar = createAvatar("avatar-large ringing above-name");
  const name = h("h2", { testId: "incoming-name", attributes: { id: "incoming-name", tabindex: "-1" } });
  const kind = h("p", {
    class: "incoming-kind",
    testId: "incoming-kind",
    attributes: { id: "incoming-kind" },
  });
  const switches = createAnswerSwitches(handlers);
  const decline = answer("decline", "Decline", "hangUp", () => handlers.onDecline(callId));
  const voice = answer("accept-audio", "Voice", "phone", () =>
    // In a voice call the camera may be switched on.
    handlers.onAccept(callId, isVideo ? "audio" : undefined),
  );
  const video = answer("accept-video", "Video", "video", () => handlers.onAccept(callId, "video"));
  const element = h(
    "dialog",
    {
      class: "dialog incoming",
      testId: "incoming-dialog",
      attributes: {
        role: "alertdialog",
        "aria-labelledby": "incoming-name",
        "aria-describedby": "incoming-kind",
      },
    },
    avatar.element,
    name,
    kind,
    switches.element,
    h("div", { class: "answers" }, decline, voice, video),
  );
  // Escape must not hide a call that still rings.
  element.addEventListener("cancel", (event) => event.preventDefault());

  return {
    element,
    update(call) {
      if (call) {
        callId = call.callId;
        const shown = peerName(call.peerLabel, call.peerId);
        avatar.set(shown, call.peerId);
        setText(name, shown);
        setText(kind, call.media === "video" ? "wants to start a video call" : "is calling you");
        isVideo = call.media === "video";
        setHidden(video, !isVideo);
        switches.update(call);
      }
      const wasOpen = element.open;
      setDialogOpen(element, call !== undefined);
      // The name has the focus instead of a button, so that a user who is typing does not answer by accident.
      if (call && !wasOpen) name.focus();
    },
  };
}

function answer(testId: string, label: string, iconName: IconName, onClick: () => void): HTMLElement {
  const round = h("span", { class: "round" }, icon(iconName));
  return button({ class: `answer ${testId}`, testId, onClick }, round, h("span", {}, label));
}
