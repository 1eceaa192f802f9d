// A bar that follows a sound level. Levels are peaks from 0 to 1; the bar is logarithmic, as hearing is.

import { h } from "../dom.ts";

/** Quieter than this shows as nothing: the noise of an open microphone in a quiet room. */
const FLOOR_DB = -54;

export interface LevelMeter {
  readonly element: HTMLElement;
  set(level: number): void;
}

/** `label` names whose sound it is. */
export function createLevelMeter(label: string, testId: string): LevelMeter {
  const attributes = { role: "meter", "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": "0" };
  const element = h("div", { class: "meter", testId, label, attributes }, h("div", { class: "meter-bar" }));
  return {
    element,
    set(level) {
      const share = levelShare(level);
      element.style.setProperty("--level", share.toFixed(3));
      element.setAttribute("aria-valuenow", String(Math.round(share * 100)));
    },
  };
}

/** 0 to 1 of the bar's length for a peak from 0 to 1. */
export function levelShare(level: number): number {
  if (level <= 0) return 0;
  return Math.min(1, Math.max(0, 1 - (20 * Math.log10(level)) / FLOOR_DB));
}
