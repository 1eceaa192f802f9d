// Messages of the far end → handlers → answers. Decides which JSON-RPC error each bad message gets; the same for host and
// plugin. Whether a method fits the present state is the handlers' matter.

import { type JSONRPCErrorResponse, type JSONRPCResponse, JSONRPCServer } from "json-rpc-2.0";
import type { z } from "zod";
import { issuesOf, RpcError } from "../../rpc-schema/index.ts";
import type { Log } from "../log.ts";
import {
  checkRequest,
  errorResponse,
  idOf,
  looksLikeResponse,
  type MessageId,
  type MethodDefinitions,
  type NotificationDefinitions,
  summaryOf,
} from "./messages.ts";
import { LineTooLongError } from "./stdio-link.ts";

/** What a typed handler looks like to code that takes its name from the wire. */
export type AnyHandler = (params: unknown) => unknown;

export interface RequestServerOptions {
  readonly methods: MethodDefinitions;
  readonly notifications: NotificationDefinitions;
  /** Looked up at each call. Undefined is answered as a method that does not exist. */
  handlerOf(name: string): AnyHandler | undefined;
  /** Something with a result or an error came; it is never answered. */
  onResponse(response: Record<string, unknown>): void;
  /** Takes one line without its newline. @throws LineTooLongError */
  send(line: string): void;
  readonly log: Log;
}

export interface RequestServer {
  /** One parsed line: a message or a batch. Never throws; handlers start before it returns. */
  receive(value: unknown): void;
  /** An answer to a line whose id cannot be told. */
  refuseLine(error: RpcError): void;
}

/** Nobody has a reason to ask for more at once; without a bound one line could start 10⁵ handlers. */
export const MAX_BATCH = 100;

export function createRequestServer(options: RequestServerOptions): RequestServer {
  const { send, log } = options;
  const server = createServer(options);
  const answering = new Set<MessageId>();

  /** The handler starts before this returns. Null: nothing is to be answered. */
  async function handle(message: unknown, ids: MessageId[]): Promise<JSONRPCResponse | null> {
    if (looksLikeResponse(message)) {
      options.onResponse(message);
      return null;
    }
    try {
      const request = checkRequest(message);
      if (request.id !== undefined) claim(request.id, ids);
      return await server.receive(request);
    } catch (error) {
      return errorResponse(idOf(message), asRpcError(error, log));
    }
  }

  function claim(id: MessageId, ids: MessageId[]): void {
    if (answering.has(id)) {
      const issues = [{ field: "id", value: JSON.stringify(id), expected: "an id that is not in use" }];
      throw new RpcError("duplicateId", "a request with this id is still being answered", { issues });
    }
    answering.add(id);
    ids.push(id);
  }

  async function answer(value: unknown): Promise<void> {
    const ids: MessageId[] = [];
    const responses = await handleAll(value, (message) => handle(message, ids));
    for (const id of ids) answering.delete(id);
    if (responses !== null) sendResponses(responses, send, log);
  }

  return {
    receive(value) {
      answer(value).catch((error: unknown) => log("error", `answering failed: ${String(error)}`));
    },
    refuseLine: (error) => sendResponses(errorResponse(null, error), send, log),
  };
}

/** Section 6: a batch is answered by a list, by nothing when all were notifications, by one error when empty. */
async function handleAll(
  value: unknown,
  handle: (message: unknown) => Promise<JSONRPCResponse | null>,
): Promise<JSONRPCResponse | JSONRPCResponse[] | null> {
  if (!Array.isArray(value)) return handle(value);
  if (value.length === 0 || value.length > MAX_BATCH) {
    const message = `a batch holds 1 to ${MAX_BATCH} messages, not ${value.length}`;
    return errorResponse(null, new RpcError("invalidRequest", message));
  }
  const responses = (await Promise.all(value.map(handle))).filter((response) => response !== null);
  return responses.length > 0 ? responses : null;
}

function createServer(options: RequestServerOptions): JSONRPCServer {
  const { methods, notifications, handlerOf, log } = options;
  const server = new JSONRPCServer({
    errorListener: (_message, error) => asRpcError(error, log),
  });
  for (const [name, definition] of Object.entries(methods)) {
    server.addMethod(name, async (params) => {
      const handler = handlerOf(name);
      if (!handler) throw notFound(name, "a method that this side serves");
      const result = await handler(checkParams(name, definition.params, params));
      return checkResult(name, definition.result, result);
    });
  }
  for (const [name, definition] of Object.entries(notifications)) {
    server.addMethodAdvanced(name, async ({ id, params }) => {
      if (id !== undefined) return errorResponse(id, notFound(name, "a notification; send it without an id"));
      await handlerOf(name)?.(checkParams(name, definition.params, params));
      return null;
    });
  }
  server.handleMethodNotFound = async ({ id, method }) => {
    if (id !== undefined) return errorResponse(id, notFound(method, "one of the methods in openrpc.json"));
    log("warn", `unknown notification ${JSON.stringify(method.slice(0, 100))} ignored`);
    return null;
  };
  // The error was logged by the listener above, which also hears of failed notifications.
  server.mapErrorToJSONRPCErrorResponse = (id, error): JSONRPCErrorResponse =>
    errorResponse(
      id,
      asRpcError(error, () => undefined),
    );
  return server;
}

/** A handler's wrong result is our own mistake. */
function checkResult(name: string, schema: z.ZodType, result: unknown): unknown {
  const checked = schema.safeParse(result);
  if (checked.success) return checked.data;
  throw new Error(`${name} gave a wrong result: ${summaryOf(checked.error, result)}`);
}

/** @throws RpcError invalidParams */
function checkParams(name: string, schema: z.ZodType, params: unknown = {}): unknown {
  const checked = schema.safeParse(params);
  if (checked.success) return checked.data;
  throw new RpcError("invalidParams", `${name}: ${summaryOf(checked.error, params)}`, {
    issues: issuesOf(checked.error, params),
  });
}

function notFound(method: string, expected: string): RpcError {
  const shown = JSON.stringify(method.length > 100 ? `${method.slice(0, 100)}…` : method);
  return new RpcError("methodNotFound", `there is no method ${shown}`, {
    issues: [{ field: "method", value: shown, expected }],
  });
}

/** Only an RpcError tells the far end what happened; anything else is our mistake, told in full to the log alone. */
function asRpcError(error: unknown, log: Log): RpcError {
  if (error instanceof RpcError) {
    log("debug", `request refused: ${error.kind}: ${error.message}`);
    return error;
  }
  log(
    "error",
    `a handler failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
  return new RpcError("internalError", "internal error; the log of the side that was asked says more");
}

function sendResponses(
  responses: JSONRPCResponse | JSONRPCResponse[],
  send: (line: string) => void,
  log: Log,
) {
  try {
    send(JSON.stringify(responses));
  } catch (error) {
    if (!(error instanceof LineTooLongError)) throw error;
    log("error", `an answer was not sent: ${error.message}`);
    const shorter = (response: JSONRPCResponse) => errorResponse(shortId(response.id), tooLong(error));
    send(JSON.stringify(Array.isArray(responses) ? responses.map(shorter) : shorter(responses)));
  }
}

const tooLong = (error: Error): RpcError => new RpcError("lineTooLong", `the answer: ${error.message}`);

/** A request's id comes back as it was, unless it alone would make the answer too long as well. */
function shortId(id: MessageId): MessageId {
  return typeof id === "string" && id.length > 1000 ? null : id;
}
