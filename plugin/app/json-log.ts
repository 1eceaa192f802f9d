// The process's log: JSON lines on standard error, one object each with time, level, part and message.

import { LOG_LEVELS, type LogLevelName } from "../command-line.ts";
import type { Log } from "../log.ts";

/**
 * @param level asked at each message, since the setting `debugging` may change it at any time
 * @param write takes one whole line; it must not throw
 */
export function createJsonLog(
  level: () => LogLevelName,
  write: (line: string) => void,
  now: () => Date = () => new Date(),
): (part: string) => Log {
  return (source) => (messageLevel, message) => {
    if (LOG_LEVELS.indexOf(messageLevel) > LOG_LEVELS.indexOf(level())) return;
    write(`${JSON.stringify({ time: now().toISOString(), level: messageLevel, source, message })}\n`);
  };
}
