// The link to the chart viewer, shown only while the plugin has debugging switched on.

import { h, setHidden } from "../dom.ts";
import type { PageState } from "../store.ts";

/** Opens a new tab. @param fragment this page's own, which passes the session token on */
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
