// The text of any thrown value. plugin/common has the same helper, which a browser cannot load.

/** @returns the message of an Error, or the thrown value as text */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
