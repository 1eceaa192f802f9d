/** @returns the message of an error, or the value as text */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
