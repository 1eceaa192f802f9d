// The process's log: JSON lines, each an object with time, level, source, message, and sometimes data.

import { LOG_LEVELS, type LogLevelName } from "../command-line.ts";
import { today } from "../common/clock.ts";
import type { Log } from "../log.ts";

/**
 * @param level read at each message, since the setting `debugging` may change it at any time
 * @param write takes one whole line; it must not throw
 * @returns creates the log of one part of the process
 */
export function createJsonLog(
  level: () => LogLevelName,
  write: (line: string) => void,
  now: () => Date = today,
): (part: string) => Log {
  return (source) => (messageLevel, message, data) => {
    if (LOG_LEVELS.indexOf(messageLevel) > LOG_LEVELS.indexOf(level())) return;
    const line = { time: now().toISOString(), level: messageLevel, source, message, data };
    write(`${JSON.stringify(line)}\n`);
  };
}
