// Finds the fields of a message that its schema does not name. Receivers ignore such fields, because a newer sender may
// add some; they log each of them once.

import { isRecord } from "../is-record.ts";

/** One message can hold a million unknown fields; the first ones are enough for a log. */
const MAX_FIELDS = 20;

/**
 * @param value the message as it came
 * @param parsed what a zod schema made of it; zod leaves out the fields that the schema does not name
 * @returns the paths of the unknown fields without repetition, such as `calls.*.local.extra`; `*` is any element of an array
 */
export function unknownFields(value: unknown, parsed: unknown): string[] {
  const found = new Set<string>();
  collect(value, parsed, "", found);
  return [...found];
}

/** Opaque parts of a message, such as a signal's payload, pass through zod as the same object and end the search. */
function collect(value: unknown, parsed: unknown, path: string, found: Set<string>): void {
  if (value === parsed || found.size >= MAX_FIELDS) return;
  if (Array.isArray(value) && Array.isArray(parsed)) {
    for (const [index, element] of value.entries()) collect(element, parsed[index], `${path}*.`, found);
  } else if (isRecord(value) && isRecord(parsed)) {
    for (const [key, inner] of Object.entries(value)) {
      if (Object.hasOwn(parsed, key)) collect(inner, parsed[key], `${path}${key}.`, found);
      else if (found.size < MAX_FIELDS) found.add(`${path}${key}`);
    }
  }
}
