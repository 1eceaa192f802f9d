// The text of whatever was thrown. JavaScript can throw anything, an Error is only the rule.

/** @returns the message of an Error, or the thrown value as text */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
