// The process's log: JSON lines on standard error, one object each with time, level, part and message.

import { LOG_LEVELS, type LogLevelName } from "../command-line.ts";
import type { Log } from "../log.ts";

/** @param write takes one whole line; it must not throw */
export function createJsonLog(
  level: LogLevelName,
  write: (line: string) => void,
  now: () => Date = () => new Date(),
): (part: string) => Log {
  const threshold = LOG_LEVELS.indexOf(level);
  return (source) => (messageLevel, message) => {
    if (LOG_LEVELS.indexOf(messageLevel) > threshold) return;
    write(`${JSON.stringify({ time: now().toISOString(), level: messageLevel, source, message })}\n`);
  };
}
