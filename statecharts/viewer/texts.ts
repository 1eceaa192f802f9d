// Readable texts for times and names.

import type { EventOrigin } from "../../rpc-schema/index.ts";
import { shortId } from "./model/event-rows.ts";

/** In the order of the page. */
export const ORIGINS: readonly EventOrigin[] = [
  "user",
  "remote",
  "device",
  "clock",
  "engine",
  "host",
  "chart",
];

/** @returns the time of day, `12:03:04.567`, if the start of the time line is known, else `+1.234 s` */
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

/** @returns the remaining time of a delay, or its running time if its length is unknown */
export function waitText(leftMs: number | undefined, ranMs: number): string {
  return leftMs === undefined ? `since ${durationText(ranMs)}` : durationText(Math.max(0, leftMs));
}

/** @returns the last part of an actor's path, with its call */
export function actorText(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const call = /call:([^/]{1,4})/.exec(path)?.[1];
  return call === undefined || name.startsWith("call:") ? shortId(name) : `${shortId(name)} ·${call}`;
}
