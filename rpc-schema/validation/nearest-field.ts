// Finds the field that the author of a message may have meant by an unknown one.

import { z } from "zod";

/** Two letters that are wrong, missing or too many. */
const MAX_EDITS = 2;
/** Longer than any field of the contract. Bounds the work for a name that anybody can send. */
const MAX_CHARS = 40;

/**
 * @param schema of the whole message
 * @param path to the object with the unknown field
 * @returns a field of that object, or null where none is similar
 */
export function nearestField(schema: z.ZodType, path: readonly PropertyKey[], name: string): string | null {
  if (name.length > MAX_CHARS) return null;
  let nearest: string | null = null;
  // At least half of a short name has to be right.
  let limit = Math.min(MAX_EDITS, Math.floor(name.length / 2));
  for (const field of fieldsAt(schema, path)) {
    const edits = editsBetween(name.toLowerCase(), field.toLowerCase());
    if (edits > limit) continue;
    nearest = field;
    limit = edits - 1;
  }
  return nearest;
}

function fieldsAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let here: unknown = schema;
  for (const key of path) {
    const whole = unwrapped(here);
    if (whole instanceof z.ZodObject) here = whole.shape[String(key)];
    else if (whole instanceof z.ZodArray) here = whole.element;
    else return [];
  }
  const found = unwrapped(here);
  return found instanceof z.ZodObject ? Object.keys(found.shape) : [];
}

function unwrapped(schema: unknown): unknown {
  let inner = schema;
  while (
    inner instanceof z.ZodOptional ||
    inner instanceof z.ZodDefault ||
    inner instanceof z.ZodPrefault ||
    inner instanceof z.ZodNullable
  ) {
    inner = inner.unwrap();
  }
  return inner;
}

/** The Levenshtein distance. */
function editsBetween(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...one].entries()) {
    const next = [index + 1];
    for (const [column, otherLetter] of [...other].entries()) {
      const replaced = (row[column] ?? 0) + (letter === otherLetter ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
