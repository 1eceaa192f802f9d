// The newest lines of the log, kept for bug reports.

const MAX_LINES = 500;
/** Peers choose the length of some lines. */
const MAX_LINE_CHARS = 8 * 1024;
export const MAX_RECENT_CHARS = 512 * 1024;

export interface RecentLines {
  add(line: string): void;
  /** The oldest line first. */
  list(): readonly string[];
}

export function createRecentLines(): RecentLines {
  let lines: string[] = [];
  let chars = 0;
  return {
    add(line) {
      const kept = line.slice(0, MAX_LINE_CHARS).trimEnd();
      lines.push(kept);
      chars += kept.length;
      // Removes many lines at once, because each removal moves all the others.
      if (lines.length <= 2 * MAX_LINES && chars <= 2 * MAX_RECENT_CHARS) return;
      lines = newestOf(lines);
      chars = lines.reduce((sum, { length }) => sum + length, 0);
    },
    list: () => newestOf(lines),
  };
}

/** As many of the newest lines as the limits allow. */
function newestOf(lines: readonly string[]): string[] {
  let chars = 0;
  const before = lines.findLastIndex((line) => {
    chars += line.length;
    return chars > MAX_RECENT_CHARS;
  });
  return lines.slice(before + 1).slice(-MAX_LINES);
}
