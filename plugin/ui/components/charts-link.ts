// The way to the chart viewer, offered only while the plugin lets itself be watched.

import { h, setHidden } from "../dom.ts";
import type { PageState } from "../store.ts";

/** Opens in a tab of its own; the session's token goes along in the fragment, as this page got it. */
export function createChartsLink(fragment: string) {
  const element = h(
    "a",
    {
      class: "charts-link",
      testId: "charts-link",
      attributes: { href: `/charts${fragment}`, target: "_blank", rel: "noopener" },
    },
    "Watch the state machines",
  );
  setHidden(element, true);
  return {
    element,
    update({ host }: PageState): void {
      setHidden(element, host?.plugin.state !== "ready" || host.settings?.debugging !== true);
    },
  };
}
