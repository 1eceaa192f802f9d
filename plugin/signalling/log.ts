// Where signalling writes what a person may want to read later.

export type Log = (level: "error" | "warn" | "info" | "debug", message: string) => void;
