// The log type lives in plugin/log.ts; this name of it is for the folders that still import it from here.

export type { Log, LogLevel } from "../log.ts";
