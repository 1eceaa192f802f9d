// The stage while calls are impossible: the host is gone, or the plugin has stopped or is switched off.

import type { PluginState } from "../../http/page-messages.ts";
import { button, h, setHidden, setText } from "../dom.ts";
import { icon } from "../icons.ts";
import type { PageState } from "../store.ts";

interface Trouble {
  readonly element: HTMLElement;
  update(state: PageState): void;
}

/** False while the plugin starts. */
export function isTroubled({ isConnected, host }: PageState): boolean {
  return !isConnected || host?.plugin.state === "stopped" || host?.plugin.state === "off";
}

export function createTrouble(onRestart: () => void, onSettings: () => void): Trouble {
  const title = h("h2", { attributes: { tabindex: "-1" } });
  const why = h("p", { testId: "trouble-why" });
  const lastLine = h("code", { class: "last-line", testId: "trouble-last-line" });
  const restart = button(
    { class: "button primary", testId: "restart", onClick: onRestart },
    icon("restart"),
    "Restart",
  );
  const settings = button(
    { class: "button primary", testId: "trouble-settings", onClick: onSettings },
    icon("settings"),
    "Settings",
  );
  const attributes = { role: "alert" };
  const element = h(
    "section",
    { class: "centre-card", testId: "trouble", attributes },
    title,
    why,
    lastLine,
    restart,
    settings,
  );
  return {
    element,
    update(state) {
      setHidden(element, !isTroubled(state));
      const plugin = state.isConnected ? state.host?.plugin : undefined;
      const isOff = plugin?.state === "off";
      const texts = textsOf(plugin);
      setText(title, texts.title);
      setText(why, texts.why);
      setText(lastLine, plugin?.lastLine ?? "");
      setHidden(lastLine, !plugin?.lastLine);
      setHidden(restart, !plugin || isOff);
      setHidden(settings, !isOff);
    },
  };
}

function textsOf(plugin: PluginState | undefined): { title: string; why: string } {
  if (!plugin) {
    const why = "This page looks for it again by itself. If the application was closed, close this page too.";
    return { title: "Connecting to the application…", why };
  }
  if (plugin.state === "off") {
    return {
      title: "Calls are not in use",
      why: "The plugin that makes them is switched off in the settings.",
    };
  }
  const why = `The program that makes the calls has ended: ${plugin.why ?? "no reason known"}.`;
  return { title: "Calls stopped working", why };
}
