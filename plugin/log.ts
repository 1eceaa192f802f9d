// The log that every part of the process writes to. main.ts decides where the lines go.

/** How much a line matters to the reader of the log, the most important first. */
export type LogLevel = "error" | "warn" | "info" | "debug";

/** Writes one line to the log. `data` is for programs, and plain JSON. Must not throw. */
export type Log = (level: LogLevel, message: string, data?: object) => void;
