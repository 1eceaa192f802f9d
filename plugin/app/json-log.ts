// The process's log: JSON lines, each an object with time, level, source, message, and sometimes data.

import { LOG_LEVELS, type LogLevelName } from "../command-line.ts";
import { today } from "../common/clock.ts";
import { TokenBucket } from "../common/token-bucket.ts";
import type { Log } from "../log.ts";

/** Lines in a row, and then each second. Peers cause some of them, most at debug level. */
export const LOG_LINES = [2_000, 200] as const;

/**
 * Leaves lines out above a rate, except for errors. The next line then says how many.
 * @param level read at each message, since the setting `debugging` may change it at any time
 * @param write takes one whole line; it must not throw
 * @returns creates the log of one part of the process
 */
export function createJsonLog(
  level: () => LogLevelName,
  write: (line: string) => void,
  now: () => Date = today,
): (part: string) => Log {
  const lines = new TokenBucket(...LOG_LINES);
  let leftOut = 0;
  return (source) => (messageLevel, message, data) => {
    if (LOG_LEVELS.indexOf(messageLevel) > LOG_LEVELS.indexOf(level())) return;
    if (!lines.take() && messageLevel !== "error") {
      leftOut += 1;
      return;
    }
    const before = leftOut === 0 ? {} : { leftOut };
    leftOut = 0;
    const line = { time: now().toISOString(), level: messageLevel, source, message, data, ...before };
    write(`${JSON.stringify(line)}\n`);
  };
}
