// The line that tells at all times that the user's screen is shared, and what of it. It stands above everything else of the call.

import type { CallInfo, Result } from "../../../rpc-schema/index.ts";
import { button, h, setHidden, setText } from "../dom.ts";
import { icon } from "../icons.ts";
import { keptAboveDialogs } from "./above-dialogs.ts";
import { sharingText } from "./screen-texts.ts";

export type Chooser = Result<"screen.sources">["chooser"];

interface SharingBar {
  readonly element: HTMLElement;
  /** @param chooser where the user chooses; undefined while unknown */
  update(call: CallInfo | undefined, chooser: Chooser | undefined): void;
}

/** @param onStop also withdraws what is being chosen */
export function createSharingBar(onStop: () => void): SharingBar {
  const text = h("span", { class: "sharing-text", testId: "sharing-text", attributes: { role: "status" } });
  const stop = button({ class: "sharing-stop", testId: "sharing-stop", onClick: onStop });
  const element = h("div", { class: "sharing-bar", testId: "sharing-bar" }, icon("screen"), text, stop);
  setHidden(element, true);
  return {
    element: keptAboveDialogs(element),
    update(call, chooser) {
      const screen = call?.local.screen;
      const isShared = screen !== undefined && screen.state !== "off";
      setHidden(element, !isShared);
      element.dataset.state = screen?.state ?? "off";
      if (!call || !isShared) {
        setText(text, "");
        return;
      }
      const isLive = screen.state === "live";
      const waiting =
        chooser === "desktop" ? "Choose in your desktop’s window…" : "Your screen will be shared…";
      setText(text, isLive ? sharingText(screen, call.sending) : waiting);
      setText(stop, isLive ? "Stop" : "Cancel");
    },
  };
}
