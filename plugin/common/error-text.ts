// The text of a caught value. JavaScript can throw any value, not only an Error.

/** @returns the message of an Error, or the thrown value as text */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
