// The newest lines of the log, kept for bug reports.

const MAX_LINES = 500;

export interface RecentLines {
  add(line: string): void;
  /** The oldest line first. */
  list(): readonly string[];
}

export function createRecentLines(): RecentLines {
  const lines: string[] = [];
  return {
    add(line) {
      lines.push(line.trimEnd());
      // Removes many lines at once, because each removal moves all the others.
      if (lines.length > 2 * MAX_LINES) lines.splice(0, lines.length - MAX_LINES);
    },
    list: () => lines.slice(-MAX_LINES),
  };
}
