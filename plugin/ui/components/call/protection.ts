// What protects a call: a line in the connection details, and the check code, which also shows for a while when it is new.

import type { CallInfo } from "../../../../rpc-schema/index.ts";
import { h, setHidden, setText } from "../../dom.ts";
import { icon } from "../../icons.ts";
import { checkSentence, newCodeSentence, peerName, protectionSentence } from "../../messages.ts";

/** Long enough to read four words to each other. The details keep them. */
const NEW_CODE_MS = 20_000;

interface Protection {
  /** For the connection details. */
  readonly element: HTMLElement;
  /** For the notes over the video: a new code, or a failed check. */
  readonly note: HTMLElement;
  /** Undefined: there is no call. */
  update(call: CallInfo | undefined): void;
}

export function createProtection(): Protection {
  const code = h("p", { class: "check-code", testId: "check-code" });
  const check = h("p", { testId: "check-text" });
  const summary = h("p", { testId: "protection" });
  const element = h("div", { class: "protection" }, summary, check, code);
  const noteText = h("span");
  const note = h("p", { class: "note check-note", testId: "check-note" }, icon("lock"), noteText);
  setHidden(note, true);
  /** The call and the code that the note has shown. */
  let shown = "";
  let timer: ReturnType<typeof setTimeout> | undefined;

  const showNote = (text: string, key: string, hidesAfterMs?: number): void => {
    if (key === shown) return;
    shown = key;
    clearTimeout(timer);
    setText(noteText, text);
    setHidden(note, text === "");
    if (hidesAfterMs !== undefined) timer = setTimeout(() => setHidden(note, true), hidesAfterMs);
  };
  return {
    element,
    note,
    update(call) {
      const protection = call?.protection;
      setHidden(element, !protection);
      if (!call || !protection || (call.phase !== "connected" && call.phase !== "reconnecting")) {
        showNote("", call?.callId ?? "");
        return;
      }
      const name = peerName(call.peerLabel, call.peerId);
      setText(summary, protectionSentence(protection, name));
      setText(check, checkSentence(protection, name));
      setText(code, protection.checkCode ?? "");
      setHidden(code, protection.checkCode === undefined);
      const key = `${call.callId} ${protection.check} ${protection.checkCode ?? ""}`;
      if (protection.checkCode !== undefined) showNote(newCodeSentence(protection), key, NEW_CODE_MS);
      else showNote(protection.check === "failed" ? checkSentence(protection, name) : "", key);
    },
  };
}
