// Finds where the first JSON value of a text ends, since a message is parsed there and not at the stream's end [2.1].

/** @returns the index after the first complete object, or -1 while there is none; text before it is not looked at */
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
