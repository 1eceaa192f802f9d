// A bar that shows a sound level. Levels are peaks from 0 to 1. The bar is logarithmic, like hearing.

import { h } from "../dom.ts";

/** Levels below this show an empty bar. The noise of an open microphone in a quiet environment is about this loud. */
const FLOOR_DB = -54;

interface LevelMeter {
  readonly element: HTMLElement;
  set(level: number): void;
}

/** @param label names the source of the sound */
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

/** @param level a peak from 0 to 1. @returns the filled part of the bar, from 0 to 1 */
export function levelShare(level: number): number {
  if (level <= 0) return 0;
  return Math.min(1, Math.max(0, 1 - (20 * Math.log10(level)) / FLOOR_DB));
}
