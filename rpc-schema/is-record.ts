// Tells a plain JSON object from the other JSON values.

/** Any JSON value, as the generated documents are built from. */
export type Json = null | boolean | number | string | Json[] | JsonObject;
export type JsonObject = { [key: string]: Json };

/** @returns true for an object that is neither null nor an array */
export function isRecord(value: Json | undefined): value is JsonObject;
export function isRecord(value: unknown): value is Record<string, unknown>;
export function isRecord(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
