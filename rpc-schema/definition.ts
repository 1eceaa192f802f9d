// How one method or notification is written down: name, schemas, one line of meaning, the errors it may give.

import { z } from "zod";
import type { PluginErrorName } from "./errors.ts";

/** `summary` goes into the OpenRPC document as it stands. */
export interface MethodDefinition<P extends z.ZodType = z.ZodType, R extends z.ZodType = z.ZodType> {
  readonly summary: string;
  readonly params: P;
  readonly result: R;
  readonly errors: readonly PluginErrorName[];
}

/** Has neither result nor errors: nobody answers it (JSON-RPC 2.0, section 4.1). */
export interface NotificationDefinition<P extends z.ZodType = z.ZodType> {
  readonly summary: string;
  readonly params: P;
}

/** @param errors beyond those that any request can meet, which openrpc.ts adds */
export function method<P extends z.ZodType, R extends z.ZodType>(
  summary: string,
  params: P,
  result: R,
  errors: readonly PluginErrorName[] = [],
): MethodDefinition<P, R> {
  return { summary, params, result, errors };
}

export function notification<P extends z.ZodType>(summary: string, params: P): NotificationDefinition<P> {
  return { summary, params };
}

/** What every method but `initialize` answers outside of the time between `initialized` and `shutdown`. */
export const servingErrors = ["notInitialized", "shuttingDown"] as const satisfies PluginErrorName[];

/** Params of a method that takes none; an absent `params` is read as this too. */
export const noParams = z.object({});
/** Result of a method that only succeeds. */
export const done = z.null();
