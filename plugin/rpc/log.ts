// Moved to plugin/log.ts.
export type { Log, LogLevel } from "../log.ts";
