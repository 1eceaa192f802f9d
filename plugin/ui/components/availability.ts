// Whether a call can be made from this page, and if not, at which side that lies: the warning sign beside a contact, and
// the banner that says why and leads to the settings.

import type { Availability } from "../../../rpc-schema/index.ts";
import { button, h, setHidden, setText } from "../dom.ts";
import { icon } from "../icons.ts";
import type { PageState } from "../store.ts";

/** Who cannot: this side, the peer, or both. */
export type CallsDisabledBy = "you" | "peer" | "both";

const obstacleWords: Record<CallsDisabledBy, (name: string) => string> = {
  you: () => "Video/audio calls disabled: by you",
  peer: (name) => `Video/audio calls disabled: by ${name}`,
  both: (name) => `Video/audio calls disabled: by you and ${name}`,
};

/** Null where nothing is in the way. */
export function callsDisabledBy(isOwnDisabled: boolean, isPeerDisabled: boolean): CallsDisabledBy | null {
  if (isOwnDisabled) return isPeerDisabled ? "both" : "you";
  return isPeerDisabled ? "peer" : null;
}

/** The orange triangle that stands where the call buttons would. */
export function createWarningSign(): {
  readonly element: HTMLElement;
  update(obstacle: CallsDisabledBy | null, name: string): void;
} {
  const element = h(
    "span",
    { class: "calls-disabled", testId: "calls-disabled", attributes: { role: "img", tabindex: "0" } },
    icon("warning"),
  );
  return {
    element,
    update(obstacle, name) {
      setHidden(element, obstacle === null);
      if (obstacle === null) return;
      const words = obstacleWords[obstacle](name);
      element.dataset.who = obstacle;
      // A tooltip for the mouse, a name for those who hear the page.
      element.title = words;
      element.setAttribute("aria-label", words);
    },
  };
}

export interface AvailabilityBanner {
  readonly element: HTMLElement;
  update(state: PageState): void;
}

const titles: Record<NonNullable<Availability["cause"]>, string> = {
  user: "Calls are switched off",
  engine: "Calls do not work here",
  device: "Nothing to call with",
  permission: "Not allowed to use the devices",
};

/** Shown while this side cannot call; empty otherwise. */
export function createAvailabilityBanner(onSettings: () => void): AvailabilityBanner {
  const title = h("strong", { testId: "availability-title" });
  const why = h("p", { testId: "availability-why" });
  const settings = button(
    { class: "button", testId: "availability-settings", onClick: onSettings },
    "Settings",
  );
  const element = h(
    "section",
    { class: "availability", testId: "availability-banner", attributes: { role: "status" } },
    icon("warning"),
    h("div", { class: "availability-text" }, title, why),
    settings,
  );
  return {
    element,
    update({ host, isConnected }) {
      const told = bannerOf(host?.availability, host?.mode);
      setHidden(element, !told || !isConnected || host?.plugin.state !== "ready");
      if (!told) return;
      element.dataset.cause = told.cause;
      setText(title, told.title);
      setText(why, told.why);
    },
  };
}

function bannerOf(availability: Availability | undefined, mode: "native" | "browser" | undefined) {
  if (mode === "browser") {
    const why =
      "The application's own pages make the calls. The settings can make this program do it instead.";
    return { cause: "page", title: "Calls are made elsewhere", why };
  }
  if (!availability?.videoDisabled) return null;
  const { cause = "engine", why = "" } = availability;
  return { cause, title: titles[cause], why };
}
