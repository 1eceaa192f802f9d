// Explains failed zod checks to the author of a host: the field, its value, and what was expected. The input can be anything,
// so everything shown is bounded.

import type { z } from "zod";
import type { FieldIssue } from "../errors.ts";
import { nearestField } from "./nearest-field.ts";

/** One message can hold a million wrong fields; the first ones explain enough. */
const MAX_ISSUES = 20;
const MAX_SHOWN_CHARS = 120;
const MAX_SHOWN_DEPTH = 3;
const MAX_SHOWN_MEMBERS = 8;

/**
 * @param value the value that was checked
 * @param schema names the fields of which a misspelt one may have been meant
 */
export function issuesOf(error: z.ZodError, value: unknown, schema?: z.ZodType): FieldIssue[] {
  return error.issues
    .slice(0, MAX_ISSUES)
    .flatMap((issue) => fieldIssues(issue, value, schema))
    .slice(0, MAX_ISSUES);
}

function fieldIssues(issue: z.core.$ZodIssue, value: unknown, schema?: z.ZodType): FieldIssue[] {
  const found = issue.path.reduce<unknown>(at, value);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.slice(0, MAX_ISSUES).map((key) => {
      const meant = schema ? nearestField(schema, issue.path, key) : null;
      return {
        field: nameOf([...issue.path, key]),
        value: show(at(found, key)),
        expected: `no field of this name${meant === null ? "" : ` (did you mean ${meant}?)`}`,
      };
    });
  }
  return [{ field: nameOf(issue.path), value: show(found), expected: expectationOf(issue) }];
}

/** Uses the message of zod where it is more precise than the type, such as that of a regex or of a refinement. */
function expectationOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return issue.expected === "int" ? "a whole number" : withArticle(issue.expected);
    case "invalid_value":
      return `one of ${issue.values.map((value) => JSON.stringify(value)).join(", ")}`;
    case "too_small":
      return `${issue.inclusive ? "at least" : "more than"} ${issue.minimum}${unitOf(issue.origin)}`;
    case "too_big":
      return `${issue.inclusive ? "at most" : "less than"} ${issue.maximum}${unitOf(issue.origin)}`;
    default:
      return issue.message.replace(/^expected /, "");
  }
}

function withArticle(type: string): string {
  if (type === "null") return type;
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}

function unitOf(origin: string): string {
  if (origin === "string") return " characters";
  return origin === "array" ? " elements" : "";
}

function nameOf(path: readonly PropertyKey[]): string {
  return cut(path.map(String).join(".")) || "(whole)";
}

function at(value: unknown, key: PropertyKey): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<PropertyKey, unknown>)[key];
}

/** @returns the JSON of a value, cut in length, width and depth, or `nothing` for an absent value */
function show(value: unknown): string {
  return value === undefined ? "nothing" : cut(preview(value, MAX_SHOWN_DEPTH));
}

function preview(value: unknown, depth: number): string {
  if (typeof value === "string") return JSON.stringify(cut(value));
  if (typeof value !== "object" || value === null) return String(value);
  if (depth === 0) return "…";
  const shownOf = (member: unknown) => preview(member, depth - 1);
  if (Array.isArray(value)) {
    return `[${joined(value.slice(0, MAX_SHOWN_MEMBERS).map(shownOf), value.length)}]`;
  }
  const entries = Object.entries(value);
  const shown = entries
    .slice(0, MAX_SHOWN_MEMBERS)
    .map(([key, member]) => `"${cut(key)}":${shownOf(member)}`);
  return `{${joined(shown, entries.length)}}`;
}

function joined(shown: string[], count: number): string {
  return count > shown.length ? `${shown.join(",")},…` : shown.join(",");
}

function cut(text: string): string {
  return text.length > MAX_SHOWN_CHARS ? `${text.slice(0, MAX_SHOWN_CHARS)}…` : text;
}
