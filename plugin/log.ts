// How every part of the process says what a person may want to read later. Where it goes is main's matter.

/** How much a line matters to the reader of the log, the most important first. */
export type LogLevel = "error" | "warn" | "info" | "debug";

/** One line for the log. Must not throw. */
export type Log = (level: LogLevel, message: string) => void;
