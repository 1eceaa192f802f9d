// Tells JSON objects from other JSON values. plugin/common has the same helper, which a browser cannot load.

/** @returns true for an object that is neither null nor an array */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
