// The settings in force. A change applies as a whole or not at all, and then every subscriber is called.

import {
  type DeepPartial,
  type FieldIssue,
  issuesOf,
  RpcError,
  type Settings,
  settingsReadAtStart,
  settingsSchema,
} from "../../rpc-schema/index.ts";
import { isRecord } from "../../rpc-schema/is-record.ts";
import { type HostAbilities, modeIssue } from "../../statecharts/index.ts";
import type { SettingsSource } from "../calls/settings-change.ts";

/** The result of a change. */
export interface SettingsChange {
  readonly settings: Settings;
  /** Changed settings that take effect at the next start only. */
  readonly restartNeeded: string[];
}

/** Lives in memory: the host keeps the settings and passes them at each start. */
export interface SettingsStore extends SettingsSource {
  /** Calls the subscribers, in the order of their subscription, before it returns. @throws RpcError invalidParams */
  change(change: DeepPartial<Settings>): SettingsChange;
}

/**
 * Begins with the schema's defaults.
 * @param check for rules that the schema cannot express; an issue refuses the change
 */
export function createSettingsStore(
  check: (settings: Settings) => FieldIssue | null = () => null,
): SettingsStore {
  const listeners = new Set<(now: Settings, last: Settings) => void>();
  let current = settingsSchema.parse({});
  return {
    get: () => current,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    change(change) {
      const merged = merge(current, change);
      const checked = settingsSchema.safeParse(merged);
      if (!checked.success) throw refused(issuesOf(checked.error, merged));
      const issue = check(checked.data);
      if (issue) throw refused([issue]);
      const last = current;
      current = checked.data;
      for (const listener of [...listeners]) listener(current, last);
      return { settings: current, restartNeeded: restartNeeded(current, last) };
    },
  };
}

function restartNeeded(now: Settings, last: Settings): string[] {
  return settingsReadAtStart.filter(
    (path) => JSON.stringify(at(last, path)) !== JSON.stringify(at(now, path)),
  );
}

/** Names the fields as the host wrote them, below `settings.`. */
function refused(issues: FieldIssue[]): RpcError {
  const fields = issues.map((issue) => ({ ...issue, field: `settings.${issue.field}` }));
  const text = fields.map(({ field, value, expected }) => `${field} is ${value}, ${expected}`).join("; ");
  return new RpcError("invalidParams", `settings not changed: ${text}`, { issues: fields });
}

/** Objects merge key by key; arrays and plain values replace. */
function merge<T>(base: T, change: DeepPartial<T>): unknown {
  if (!isRecord(base) || !isRecord(change)) return change;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(change)) {
    if (value !== undefined) merged[key] = merge(merged[key], value as DeepPartial<unknown>);
  }
  return merged;
}

/** The value at a dotted path; undefined where a step is missing. */
function at(value: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((inner, key) => (isRecord(inner) ? inner[key] : undefined), value);
}

/** @returns why these settings cannot be in force together; null if they can */
export function settingsIssue(wanted: Settings, host: HostAbilities): FieldIssue | null {
  return modeIssue(wanted.mode, host) ?? relayIssue(wanted);
}

/** @returns why media cannot go through a relay only; null if they can, or need not */
export function relayIssue({
  relayOnly,
  iceServers,
}: Pick<Settings, "relayOnly" | "iceServers">): FieldIssue | null {
  if (!relayOnly || iceServers.some(({ urls }) => urls.some((url) => url.startsWith("turn")))) return null;
  return {
    field: "relayOnly",
    value: "true",
    expected:
      "a TURN server with username and credential among the connection servers, while calls go only through a relay",
  };
}
