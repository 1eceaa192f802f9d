// Times, names and reasons as people read them.

import type { EventOrigin } from "../../rpc-schema/index.ts";
import { shortId } from "./model/event-rows.ts";

/** In the order in which the page lists them. */
export const ORIGINS: readonly EventOrigin[] = [
  "user",
  "remote",
  "device",
  "clock",
  "engine",
  "host",
  "chart",
];

/** @returns `12:03:04.567` by the clock where the zero of the time line is known, else `+1.234 s` */
export function timeText(tMs: number, startedAt: number | undefined): string {
  if (startedAt === undefined) return `+${(tMs / 1000).toFixed(3)} s`;
  const at = new Date(startedAt + tMs);
  const two = (value: number) => String(value).padStart(2, "0");
  const millis = String(at.getMilliseconds()).padStart(3, "0");
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${millis}`;
}

/** @returns `830 ms`, `4.2 s`, `3 min 5 s` */
export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

/** What is left of a delay, or how long it has run where its length is not known. */
export function waitText(leftMs: number | undefined, ranMs: number): string {
  return leftMs === undefined ? `since ${durationText(ranMs)}` : durationText(Math.max(0, leftMs));
}

/** The last part of an actor's path, with the call that it belongs to. */
export function actorText(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const call = /call:([^/]{1,4})/.exec(path)?.[1];
  return call === undefined || name.startsWith("call:") ? shortId(name) : `${shortId(name)} ·${call}`;
}
