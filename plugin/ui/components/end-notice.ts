// Shows why the last call ended, and a button that calls again.

import type { MediaKind } from "../../../rpc-schema/index.ts";
import { button, h, setHidden, setText } from "../dom.ts";
import { icon } from "../icons.ts";
import { clockText, endDetailSentence, endSentence, isOrdinaryEnd, peerName } from "../messages.ts";
import type { EndedCall } from "../store.ts";
import { createAvatar } from "./avatar.ts";

interface EndNoticeHandlers {
  onCallAgain(peerId: string, media: MediaKind): void;
  onDismiss(): void;
}

interface EndNotice {
  readonly element: HTMLElement;
  /** @param isFree whether a new call is possible now */
  update(ended: EndedCall | undefined, isFree: boolean): void;
}

export function createEndNotice(handlers: EndNoticeHandlers): EndNotice {
  let shown: EndedCall | undefined;
  const avatar = createAvatar("avatar-large");
  const title = h("h2", { class: "end-title" });
  const reason = h("p", { class: "end-reason", testId: "end-reason" });
  const detail = h("p", { class: "hint end-detail", testId: "end-detail" });
  const duration = h("p", { class: "hint", testId: "end-duration" });
  const again = button(
    {
      class: "button primary",
      testId: "call-again",
      onClick: () => shown && handlers.onCallAgain(shown.peerId, shown.media),
    },
    icon("phone"),
    "Call again",
  );
  const dismiss = button({ class: "button", testId: "end-dismiss", onClick: handlers.onDismiss }, "Close");
  const element = h(
    "section",
    { class: "centre-card", testId: "end-notice", label: "Call ended" },
    avatar.element,
    title,
    reason,
    detail,
    duration,
    h("div", { class: "button-row" }, again, dismiss),
  );
  return {
    element,
    update(ended, isFree) {
      setHidden(element, !ended);
      again.disabled = !isFree;
      if (!ended || ended === shown) return;
      shown = ended;
      const name = peerName(ended.peerLabel, ended.peerId);
      avatar.set(name, ended.peerId);
      setText(title, ended.durationMs > 0 ? "Call ended" : name);
      setText(reason, endSentence(ended.reason, ended.endedBy, name));
      const sentence = endDetailSentence(ended.reason, ended.detail);
      setText(detail, sentence);
      setHidden(detail, sentence === "");
      element.dataset.reason = ended.reason;
      element.dataset.endedBy = ended.endedBy;
      element.dataset.mood = isOrdinaryEnd(ended.reason) ? "calm" : "warning";
      setText(duration, ended.durationMs > 0 ? `It lasted ${clockText(ended.durationMs)}.` : "");
    },
  };
}
