// What a notification of a call says. A peer chooses its own label, so nothing in it may look like markup, or like our own words.

import type { NotifiedCall } from "./notifier.ts";

/** One line of a notification. */
const MAX_LABEL_CHARS = 80;
const SHORT_ID_CHARS = 12;
/**
 * Control characters and line breaks (Cc, Zl, Zp), and characters that change the order or the look of the text around them (Cf).
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;

export interface NotificationText {
  readonly summary: string;
  readonly body: string;
}

/** @param hasMarkup whether the daemon reads the body as markup (its capability `body-markup`); a summary never is */
export function notificationText(call: NotifiedCall, hasMarkup: boolean): NotificationText {
  const caller = callerName(call);
  return {
    summary: call.media === "video" ? "Incoming video call" : "Incoming call",
    body: hasMarkup ? escaped(caller) : caller,
  };
}

function callerName({ peerLabel, peerId }: NotifiedCall): string {
  const seen = peerLabel.replaceAll(UNSEEN, " ").replaceAll(/\s+/g, " ").trim();
  if (seen === "") return `${peerId.slice(0, SHORT_ID_CHARS)}…`;
  const chars = Array.from(seen);
  return chars.length <= MAX_LABEL_CHARS ? seen : `${chars.slice(0, MAX_LABEL_CHARS).join("")}…`;
}

/** As the Desktop Notifications Specification says: XML's five characters. */
function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&apos;");
}
