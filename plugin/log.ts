// How every part of the process says what a person may want to read later. Where it goes is main's matter.

import type { PluginNotificationParams } from "../rpc-schema/index.ts";

/** The host can be sent the same lines, so the contract names the levels. */
export type LogLevel = PluginNotificationParams<"log">["level"];

/** One line for the log. Must not throw. */
export type Log = (level: LogLevel, message: string) => void;
