// The form in which each method and notification is defined: a summary, the schemas, and the possible errors.

import { z } from "zod";
import type { PluginErrorName } from "./errors.ts";

/** The OpenRPC document shows `summary` unchanged. */
export interface MethodDefinition<P extends z.ZodType = z.ZodType, R extends z.ZodType = z.ZodType> {
  readonly summary: string;
  readonly params: P;
  readonly result: R;
  readonly errors: readonly PluginErrorName[];
}

/** A notification has neither result nor errors, because it has no answer (JSON-RPC 2.0, section 4.1). */
export interface NotificationDefinition<P extends z.ZodType = z.ZodType> {
  readonly summary: string;
  readonly params: P;
}

/** @param errors the possible errors; openrpc.ts adds those that every request can get */
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

/** The errors of every method but `initialize` before `initialized` and after `shutdown`. */
export const servingErrors = ["notInitialized", "shuttingDown"] as const satisfies PluginErrorName[];

/** Params of a method that takes none. An absent `params` is equivalent. */
export const noParams = z.object({});
/** Result of a method that returns nothing. */
export const done = z.null();
