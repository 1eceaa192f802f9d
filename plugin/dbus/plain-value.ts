// What another program sent over D-Bus, without the library's variants.

/** Deeper values are none that a portal sends. */
const MOST_DEPTH = 8;

/** @returns the value with each variant replaced by what it holds; undefined below a depth of 8 */
export function plainValue(value: unknown, depth = 0): unknown {
  if (depth > MOST_DEPTH) return undefined;
  if (Array.isArray(value)) return value.map((one: unknown) => plainValue(one, depth + 1));
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  if (isVariant(value)) return plainValue(value.value, depth + 1);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plainValue(one, depth + 1)]));
}

/** The library makes dictionaries plain objects, and variants objects of a class. */
function isVariant(value: object): value is { readonly value: unknown } {
  return Object.getPrototypeOf(value) !== Object.prototype && "signature" in value && "value" in value;
}
