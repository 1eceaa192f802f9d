// What the stage shows when there is nothing to call with: the host is gone, or the plugin process died.

import { button, h, setHidden, setText } from "./dom.ts";
import { icon } from "./icons.ts";
import type { PageState } from "./store.ts";

export interface Trouble {
  readonly element: HTMLElement;
  update(state: PageState): void;
}

/** A plugin that is only starting is no trouble yet. */
export function isTroubled({ isConnected, host }: PageState): boolean {
  return !isConnected || host?.plugin.state === "stopped";
}

export function createTrouble(onRestart: () => void): Trouble {
  const title = h("h2", { attributes: { tabindex: "-1" } });
  const why = h("p", { testId: "trouble-why" });
  const lastLine = h("code", { class: "last-line", testId: "trouble-last-line" });
  const restart = button(
    { class: "button primary", testId: "restart", onClick: onRestart },
    icon("restart"),
    "Restart",
  );
  const attributes = { role: "alert" };
  const element = h(
    "section",
    { class: "centre-card", testId: "trouble", attributes },
    title,
    why,
    lastLine,
    restart,
  );
  return {
    element,
    update(state) {
      setHidden(element, !isTroubled(state));
      const plugin = state.isConnected ? state.host?.plugin : undefined;
      setText(title, plugin ? "Calls stopped working" : "Connecting to the application…");
      setText(
        why,
        plugin
          ? `The program that makes the calls has ended: ${plugin.why ?? "no reason known"}.`
          : "This page looks for it again by itself. If the application was closed, close this page too.",
      );
      setText(lastLine, plugin?.lastLine ?? "");
      setHidden(lastLine, !plugin?.lastLine);
      setHidden(restart, !plugin);
    },
  };
}
