// Names schemas for the documents, and for the types that hosts generate from them. A schema without a name is written out where
// it is used.

import { z } from "zod";

const names = new WeakMap<z.core.$ZodType, string>();

/** JSON Schema has no keyword for it. Generators of types read this one, a list in the order of `enum`. */
const VALUE_DESCRIPTIONS = "x-enum-descriptions";

/** @returns the same schema with a name, which must be unique among all documents */
export function named<S extends z.ZodType>(name: string, schema: S, description?: string): S {
  const one = schema.meta({ title: name, ...(description === undefined ? {} : { description }) });
  names.set(one, name);
  return one;
}

/** @returns the name that {@link named} gave to this very schema; a copy with another description has none */
export function nameOf(schema: z.core.$ZodType): string | undefined {
  return names.get(schema);
}

/**
 * A closed list of texts. The meanings of the values also go into the description, the only place that most generators read.
 * @param values each value with its meaning
 */
export function choice<const V extends Record<string, string>>(
  name: string,
  description: string,
  values: V,
): z.ZodEnum<{ [K in keyof V & string]: K }> {
  const keys = Object.keys(values) as [keyof V & string, ...(keyof V & string)[]];
  const schema = z.enum(keys) as z.ZodEnum<{ [K in keyof V & string]: K }>;
  const meanings = Object.entries(values).map(([value, meaning]) => `\n- ${value}: ${meaning}`);
  const described = schema.meta({ [VALUE_DESCRIPTIONS]: Object.values(values) });
  return named(name, described, `${description}.${meanings.join("")}`);
}

/** A whole number that is not negative: pixels, bytes, a position. */
export const count = () => z.number().int().min(0);

/** Unix milliseconds. */
export const unixMs = () => z.number().min(0);
