// The notice "You are muted": shown while the user speaks into a muted microphone.

import type { CallInfo } from "../../../../rpc-schema/index.ts";
import { button } from "../../dom.ts";
import type { Levels } from "../../store.ts";
import { note } from "./call-notes.ts";
import { SpeakingDetector } from "./speaking-detector.ts";

export function createMutedNote(onUnmute: (call: CallInfo) => void) {
  const detector = new SpeakingDetector();
  const line = note("you-are-muted", "microphoneOff");
  const unmute = button(
    { class: "note-button", testId: "unmute", onClick: () => call && onUnmute(call) },
    "Unmute",
  );
  line.element.append(unmute);
  line.set(false);
  let call: CallInfo | undefined;
  return {
    element: line.element,
    update(newCall: CallInfo | undefined): void {
      call = newCall;
      if (call?.local.microphone.state === "muted") return;
      detector.reset();
      line.set(false);
    },
    setLevels({ callId, mutedMicrophone }: Levels): void {
      if (callId !== call?.callId || mutedMicrophone === undefined) return;
      if (call.local.microphone.state !== "muted") return;
      line.set(detector.add(mutedMicrophone) && "You are muted");
    },
  };
}
