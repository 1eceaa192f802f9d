// The row below the other side's screen: whose it is, and the buttons that enlarge it.

import type { CallInfo } from "../../../rpc-schema/index.ts";
import { button, h, setAttribute, setHidden, setText } from "../dom.ts";
import { icon } from "../icons.ts";
import type { ZoomState } from "../video/zoom-pane.ts";
import { remoteScreenText } from "./screen-texts.ts";

interface ZoomHandlers {
  onZoom(direction: "in" | "out"): void;
  onFit(): void;
  onActualSize(): void;
}

interface ZoomTools {
  readonly element: HTMLElement;
  update(call: CallInfo): void;
  /** @param canZoom false while the screen is the small picture, or has no frame yet */
  setCanZoom(canZoom: boolean): void;
  setZoom(state: ZoomState): void;
}

export function createZoomTools(handlers: ZoomHandlers): ZoomTools {
  const label = h("span", { class: "screen-label" });
  const name = h("p", { class: "screen-name", testId: "remote-screen", attributes: { role: "status" } });
  name.append(icon("screen"), label);
  const out = button(
    { class: "small-tool", testId: "zoom-out", label: "Smaller", onClick: () => handlers.onZoom("out") },
    icon("minus"),
  );
  const larger = button(
    { class: "small-tool", testId: "zoom-in", label: "Larger", onClick: () => handlers.onZoom("in") },
    icon("plus"),
  );
  const percent = h("output", { class: "zoom-percent", testId: "zoom-percent", label: "Zoom" });
  const fit = button({ class: "zoom-text", testId: "zoom-fit", onClick: handlers.onFit }, "Fit");
  const actual = button(
    { class: "zoom-text", testId: "zoom-actual", onClick: handlers.onActualSize },
    "100 %",
  );
  const group = h(
    "div",
    { class: "zoom", testId: "zoom", label: "Zoom", attributes: { role: "group" } },
    ...[out, percent, larger, fit, actual],
  );
  const element = h("div", { class: "screen-tools", testId: "screen-tools" }, name, group);
  setHidden(element, true);
  return {
    element,
    update(call) {
      const isShared = call.remote.screen === true && call.phase !== "connecting";
      setHidden(element, !isShared);
      setText(label, isShared ? remoteScreenText(call) : "");
    },
    setCanZoom: (canZoom) => setHidden(group, !canZoom),
    setZoom(state) {
      setText(percent, state.percent === null ? "" : `${state.percent} %`);
      // Not really disabled, because the focus would leave a button that was just pressed.
      setAttribute(out, "aria-disabled", String(state.isFit));
      setAttribute(larger, "aria-disabled", String(state.isLargest));
      setAttribute(fit, "aria-pressed", String(state.isFit));
    },
  };
}
