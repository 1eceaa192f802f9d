// Logs the fields of received messages that the contract does not name. A newer sender may add fields, so they are no fault.

import { unknownFields } from "../../rpc-schema/index.ts";
import type { Log } from "../log.ts";

/** The sender chooses the names, so their number and their length are bounded. */
const MAX_LOGGED = 1_000;
const MAX_NAME_CHARS = 200;

/**
 * @param name of the method, notification or signal
 * @param value the message as it came
 * @param parsed what the message's schema made of it
 */
export type LogUnknownFields = (name: string, value: unknown, parsed: unknown) => void;

/** Logs each field of each method once. */
export function createUnknownFieldLog(log: Log): LogUnknownFields {
  const logged = new Set<string>();
  return (name, value, parsed) => {
    for (const field of unknownFields(value, parsed)) {
      const text = `${name}: unknown field ${JSON.stringify(field.slice(0, MAX_NAME_CHARS))} ignored`;
      if (logged.has(text) || logged.size >= MAX_LOGGED) continue;
      logged.add(text);
      log("debug", text);
    }
  };
}
