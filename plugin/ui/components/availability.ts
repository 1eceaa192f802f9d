// Shows that calls are switched off or impossible: a warning sign beside a contact, and a banner with the reason and a
// button for the settings.

import type { Availability } from "../../../rpc-schema/index.ts";
import { button, h, setHidden, setText } from "../dom.ts";
import { icon } from "../icons.ts";
import type { PageState } from "../store.ts";

/** Who has calls switched off. */
type CallsDisabledBy = "you" | "peer" | "both";

const disabledText: Record<CallsDisabledBy, (name: string) => string> = {
  you: () => "Video/audio calls disabled: by you",
  peer: (name) => `Video/audio calls disabled: by ${name}`,
  both: (name) => `Video/audio calls disabled: by you and ${name}`,
};

/** @returns null when a call is possible */
export function callsDisabledBy(isOwnDisabled: boolean, isPeerDisabled: boolean): CallsDisabledBy | null {
  if (isOwnDisabled) return isPeerDisabled ? "both" : "you";
  return isPeerDisabled ? "peer" : null;
}

/** The orange triangle in place of the call buttons. */
export function createWarningSign(): {
  readonly element: HTMLElement;
  update(disabledBy: CallsDisabledBy | null, name: string): void;
} {
  const element = h(
    "span",
    { class: "calls-disabled", testId: "calls-disabled", attributes: { role: "img", tabindex: "0" } },
    icon("warning"),
  );
  return {
    element,
    update(disabledBy, name) {
      setHidden(element, disabledBy === null);
      if (disabledBy === null) return;
      const text = disabledText[disabledBy](name);
      element.dataset.who = disabledBy;
      // The tooltip is for the mouse, the label for screen readers.
      element.title = text;
      element.setAttribute("aria-label", text);
    },
  };
}

interface AvailabilityBanner {
  readonly element: HTMLElement;
  update(state: PageState): void;
}

const titles: Record<NonNullable<Availability["cause"]>, string> = {
  user: "Calls are switched off",
  engine: "Calls do not work here",
  device: "Nothing to call with",
  permission: "Not allowed to use the devices",
};

/** Shown while this side cannot make calls. */
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
      const banner = bannerOf(host?.availability, host?.mode);
      setHidden(element, !banner || !isConnected || host?.plugin.state !== "ready");
      if (!banner) return;
      element.dataset.cause = banner.cause;
      setText(title, banner.title);
      setText(why, banner.why);
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
