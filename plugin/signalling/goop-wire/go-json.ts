// Reads JSON objects as the host's peers do, whose reader matches the names of fields without regard to case and leaves
// a field of null at its zero value. Knows no message.

import { z } from "zod";

// A field of the wrong type is refused, as there.
export const textOrZero = z
  .string()
  .nullish()
  .transform((value) => value ?? "");
export const numberOrZero = z
  .number()
  .nullish()
  .transform((value) => value ?? 0);
export const flagOrZero = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);

/**
 * A schema for an object of which only these fields are read, however their names are capitalised; the last of two wins.
 */
export function goObject<Shape extends z.ZodRawShape>(shape: Shape) {
  const names = new Map(Object.keys(shape).map((name) => [name.toLowerCase(), name]));
  return z.preprocess((value) => pick(value, names), z.object(shape));
}

function pick(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, field]) => {
      const name = names.get(key.toLowerCase());
      return name === undefined ? [] : [[name, field]];
    }),
  );
}
