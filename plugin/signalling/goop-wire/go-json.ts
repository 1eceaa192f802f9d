// Reads JSON objects like Go's encoding/json, which Goop² uses: field names match in any case, and null leaves a field at
// its zero value.

import { z } from "zod";
import { isRecord } from "../../../rpc-schema/is-record.ts";

// A field of the wrong type is refused, as in Go.
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

/** A schema for an object with these fields, in any capitalisation. The last of several matching fields wins. */
export function goObject<Shape extends z.ZodRawShape>(shape: Shape) {
  const names = new Map(Object.keys(shape).map((name) => [name.toLowerCase(), name]));
  return z.preprocess((value) => selectFields(value, names), z.object(shape));
}

function selectFields(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, field]) => {
      const name = names.get(key.toLowerCase());
      return name === undefined ? [] : [[name, field]];
    }),
  );
}
