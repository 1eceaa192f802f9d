// The form of a JSON-RPC 2.0 message (sections 4 to 6 of the specification), whatever its method.

import { z } from "zod";
import type { MethodDefinition, NotificationDefinition } from "../../rpc-schema/definition.ts";
import { issuesOf, RpcError } from "../../rpc-schema/index.ts";
import { isRecord } from "../../rpc-schema/is-record.ts";
import { isRequestId, type MessageId, type Request } from "./json-rpc.ts";

/** The methods of one direction of the contract, by name. */
export type MethodDefinitions = Readonly<Record<string, MethodDefinition>>;
/** The notifications of one direction of the contract, by name. */
export type NotificationDefinitions = Readonly<Record<string, NotificationDefinition>>;

const structured = z.custom<object>((value) => typeof value === "object" && value !== null, {
  error: "an object or an array, or no params at all",
});

/** Section 4. The standard does not forbid further members, so they are let through. */
const requestSchema = z.looseObject({
  jsonrpc: z.literal("2.0"),
  method: z.string(),
  params: structured.optional(),
  id: z
    .custom<string | number>(isRequestId, { error: "a string, or a whole number between -2^53 and 2^53" })
    .optional(),
});

/** @throws RpcError invalidRequest, with an issue for each wrong member */
export function checkRequest(message: unknown): Request {
  const checked = requestSchema.safeParse(message);
  if (checked.success) return checked.data;
  const issues = issuesOf(checked.error, message);
  const fields = issues.map((issue) => issue.field).join(", ");
  throw new RpcError("invalidRequest", `not a JSON-RPC 2.0 request: ${fields}`, { issues });
}

/** True for an answer to a request, well formed or not. An answer must never be answered. */
export function looksLikeResponse(message: unknown): message is Record<string, unknown> {
  return isRecord(message) && !("method" in message) && ("result" in message || "error" in message);
}

/** Section 5: where the id of a refused request cannot be read, the answer's id is null. */
export function idOf(message: unknown): MessageId {
  return isRecord(message) && isRequestId(message.id) ? message.id : null;
}

/** One line for a log or for an error's message. @param schema names the fields of which one may have been meant */
export function summaryOf(error: z.ZodError, value: unknown, schema?: z.ZodType): string {
  return issuesOf(error, value, schema)
    .map((issue) => `${issue.field} is ${issue.value}, expected ${issue.expected}`)
    .join("; ");
}
