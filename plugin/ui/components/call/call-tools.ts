// The buttons in the call's header: one's own picture, full screen, and the list of keys.

import { button, h, setAttribute, setHidden } from "../../dom.ts";
import { type IconName, icon } from "../../icons.ts";
import type { OwnView } from "./pictures.ts";

interface CallToolsHandlers {
  onOwnPicture(): void;
  onFullScreen(): void;
  onHelp(): void;
}

interface CallTools {
  readonly element: HTMLElement;
  setOwnView(view: OwnView): void;
  setFullScreen(isFullScreen: boolean): void;
}

export function createCallTools(handlers: CallToolsHandlers): CallTools {
  const own = tool("own-toggle", "person", "h", handlers.onOwnPicture);
  const fullScreen = tool("full-screen", "fullScreen", "f", handlers.onFullScreen);
  const help = tool("keys-open", "keys", "?", handlers.onHelp);
  setName(own, "Hide your own picture", "h");
  setName(fullScreen, "Full screen", "f");
  setName(help, "Keys", "?");
  help.classList.add("keys-open");
  const element = h("div", { class: "call-tools" }, own, fullScreen, help);
  return {
    element,
    setOwnView({ hasPicture, isHidden }) {
      setHidden(own, !hasPicture);
      setName(own, isHidden ? "Show your own picture" : "Hide your own picture", "h");
    },
    setFullScreen(isFullScreen) {
      setName(fullScreen, isFullScreen ? "Leave full screen" : "Full screen", "f");
    },
  };
}

function tool(testId: string, iconName: IconName, key: string, onClick: () => void): HTMLButtonElement {
  const attributes = { "aria-keyshortcuts": key };
  return button({ class: "small-tool", testId, attributes, onClick }, icon(iconName));
}

function setName(element: HTMLElement, name: string, key: string): void {
  setAttribute(element, "aria-label", name);
  setAttribute(element, "title", `${name} (${key})`);
}
