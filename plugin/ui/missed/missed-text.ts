// The texts of the list of missed calls.

import type { MissedCaller } from "../../../rpc-schema/index.ts";

/** @param timeText the time of the last call, such as "14:05" */
export function missedText({ count, media }: MissedCaller, timeText: string): string {
  const kind = media === "video" ? "Video call" : "Voice call";
  return count === 1 ? `${kind}, ${timeText}` : `${count} calls, the last one ${timeText}`;
}

/** The time alone on the day itself, and the date with it on other days. @param at and now: Unix milliseconds */
export function callTime(at: number, now: number, locale?: string): string {
  const dayOf = new Intl.DateTimeFormat(locale, { dateStyle: "short" });
  const timeOf = new Intl.DateTimeFormat(locale, { timeStyle: "short" });
  const isToday = dayOf.format(at) === dayOf.format(now);
  return isToday ? timeOf.format(at) : `${dayOf.format(at)}, ${timeOf.format(at)}`;
}

/** @returns how many calls the user has not seen */
export function unseenCount(missed: readonly MissedCaller[]): number {
  return missed.reduce((sum, { unseen }) => sum + unseen, 0);
}
