// What a JSON-RPC 2.0 message may look like (sections 4 to 6 of its specification), before any method is looked at.

import { isJSONRPCID, type JSONRPCErrorResponse, type JSONRPCRequest } from "json-rpc-2.0";
import { z } from "zod";
import type { MethodDefinition, NotificationDefinition } from "../../rpc-schema/definition.ts";
import { issuesOf, RpcError } from "../../rpc-schema/index.ts";
import { isRecord } from "../common/is-record.ts";

export type MessageId = string | number | null;
/** What may be asked, by name: one direction of the contract. */
export type MethodDefinitions = Readonly<Record<string, MethodDefinition>>;
export type NotificationDefinitions = Readonly<Record<string, NotificationDefinition>>;

const structured = z.custom<object>((value) => typeof value === "object" && value !== null, {
  error: "an object or an array, or no params at all",
});

/** Section 4. Unknown members are let through: the standard does not forbid them. */
const requestSchema = z.looseObject({
  jsonrpc: z.literal("2.0"),
  method: z.string(),
  params: structured.optional(),
  id: z.union([z.string(), z.number(), z.null()], { error: "a string, a number or null" }).optional(),
});

/** @throws RpcError invalidRequest, with an issue for each wrong member. */
export function checkRequest(message: unknown): JSONRPCRequest {
  const checked = requestSchema.safeParse(message);
  if (checked.success) return checked.data;
  const issues = issuesOf(checked.error, message);
  const fields = issues.map((issue) => issue.field).join(", ");
  throw new RpcError("invalidRequest", `not a JSON-RPC 2.0 request: ${fields}`, { issues });
}

/** An answer to a request, right or wrong; it must never be answered itself. */
export function looksLikeResponse(message: unknown): message is Record<string, unknown> {
  return isRecord(message) && !("method" in message) && ("result" in message || "error" in message);
}

/** Section 5: the id of a request that was refused is null where it cannot be told. */
export function idOf(message: unknown): MessageId {
  return isRecord(message) && isJSONRPCID(message.id) ? message.id : null;
}

export function errorResponse(id: MessageId, error: RpcError): JSONRPCErrorResponse {
  return { jsonrpc: "2.0", id, error: { code: error.code, message: error.message, data: error.data } };
}

/** One line for a log or an error's message. */
export function summaryOf(error: z.ZodError, value: unknown): string {
  return issuesOf(error, value)
    .map((issue) => `${issue.field} is ${issue.value}, expected ${issue.expected}`)
    .join("; ");
}
