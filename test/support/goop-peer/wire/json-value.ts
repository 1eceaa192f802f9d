// Finds the end of the first JSON value in a text, because Goop² parses a message there and not at the end of the stream [2.1].

/** @returns the index after the first complete object, or -1 */
export function endOfFirstObject(text: string): number {
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (isInString) {
      if (char === "\\") at += 1;
      else if (char === '"') isInString = false;
    } else if (char === '"') {
      isInString = true;
    } else if (char === "{" || char === "[") {
      depth += 1;
    } else if (char === "}" || char === "]") {
      depth -= 1;
      if (depth <= 0) return at + 1;
    }
  }
  return -1;
}
