// The settings in force. A change is taken whole or not at all; the old ones stay when it is wrong.

import {
  type DeepPartial,
  type FieldIssue,
  issuesOf,
  RpcError,
  type Settings,
  settingsReadAtStart,
  settingsSchema,
} from "../../rpc-schema/index.ts";
import { isRecord } from "../common/is-record.ts";

/** What a change led to. */
export interface SettingsChange {
  readonly settings: Settings;
  /** Changed settings that take effect at the next start only. */
  readonly restartNeeded: string[];
}

/** Lives in memory: the host keeps settings and gives them at each start. */
export interface SettingsStore {
  /** Complete and checked; a later change makes a new object, this one stays as it is. */
  get(): Settings;
  /** @throws RpcError invalidParams, naming every wrong field */
  change(change: DeepPartial<Settings>): SettingsChange;
}

/**
 * Begins with the schema's defaults.
 * @param check what the schema cannot know; an issue refuses the change
 */
export function createSettingsStore(
  check: (settings: Settings) => FieldIssue | null = () => null,
): SettingsStore {
  let current = settingsSchema.parse({});
  return {
    get: () => current,
    change(change) {
      const merged = merge(current, change);
      const checked = settingsSchema.safeParse(merged);
      if (!checked.success) throw refused(issuesOf(checked.error, merged));
      const issue = check(checked.data);
      if (issue) throw refused([issue]);
      const last = current;
      current = checked.data;
      const restartNeeded = settingsReadAtStart.filter(
        (path) => JSON.stringify(at(last, path)) !== JSON.stringify(at(current, path)),
      );
      return { settings: current, restartNeeded };
    },
  };
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
