// Lines from the host → handlers → answers. Decides which JSON-RPC error each bad message gets. Whether a method fits
// the present state is the handlers' matter.

import { type JSONRPCErrorResponse, type JSONRPCResponse, JSONRPCServer } from "json-rpc-2.0";
import type { z } from "zod";
import {
  type HostNotificationName,
  type HostNotificationParams,
  hostNotifications,
  issuesOf,
  type MethodName,
  methods,
  type Params,
  type Result,
  RpcError,
} from "../../rpc-schema/index.ts";
import type { Log } from "../log.ts";
import { decodeLine } from "./line-reader.ts";
import {
  checkRequest,
  errorResponse,
  idOf,
  looksLikeResponse,
  type MessageId,
  summaryOf,
} from "./messages.ts";
import { LineTooLongError } from "./stdio-link.ts";

/** One handler for each method. Called in the order in which the requests came. */
export type Handlers = { [M in MethodName]: (params: Params<M>) => Promise<Result<M>> | Result<M> };
export type HostNotificationHandlers = {
  [N in HostNotificationName]: (params: HostNotificationParams<N>) => Promise<void> | void;
};

export interface DispatcherOptions {
  readonly handlers: Handlers;
  readonly notificationHandlers: HostNotificationHandlers;
  /** Takes one line without its newline. @throws LineTooLongError */
  send(line: string): void;
  readonly log: Log;
}

export interface Dispatcher {
  /** One line from the host. Never throws; every answer goes through `send`. */
  receive(line: Uint8Array): void;
  /** A line from the host was over the limit and skipped. */
  refuseLongLine(limitBytes: number): void;
}

/** A host has no reason to ask for more at once; without a bound one line could start 10⁵ handlers. */
export const MAX_BATCH = 100;

// What the maps of typed handlers look like to code that takes the name from the wire.
type AnyHandler = (params: unknown) => unknown;

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { send, log } = options;
  const server = createServer(options);
  const answering = new Set<MessageId>();

  /** The handler starts before this returns. Null: nothing is to be answered. */
  async function handle(message: unknown, ids: MessageId[]): Promise<JSONRPCResponse | null> {
    if (looksLikeResponse(message)) {
      log("warn", "the host sent an answer, but was asked nothing");
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
    receive(line) {
      const text = parseLine(line);
      if (text === null) return;
      if ("error" in text) return sendResponses(errorResponse(null, text.error), send, log);
      answer(text.value).catch((error: unknown) => log("error", `answering failed: ${String(error)}`));
    },

    refuseLongLine(limitBytes) {
      const error = new RpcError("lineTooLong", `a line may be ${limitBytes} bytes long at most`);
      sendResponses(errorResponse(null, error), send, log);
    },
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

function createServer({ handlers, notificationHandlers, log }: DispatcherOptions): JSONRPCServer {
  const server = new JSONRPCServer({
    errorListener: (_message, error) => asRpcError(error, log),
  });
  for (const name of namesOf(methods)) {
    server.addMethod(name, (params) => callMethod(name, handlers[name] as AnyHandler, params));
  }
  for (const name of namesOf(hostNotifications)) {
    const handler = notificationHandlers[name] as AnyHandler;
    server.addMethodAdvanced(name, async ({ id, params }) => {
      if (id !== undefined) return errorResponse(id, notFound(name, "a notification; send it without an id"));
      await handler(checkParams(name, hostNotifications[name].params, params));
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

async function callMethod(name: MethodName, handler: AnyHandler, params: unknown): Promise<unknown> {
  const result = await handler(checkParams(name, methods[name].params, params));
  const checked = methods[name].result.safeParse(result);
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

/** Only an RpcError tells the host what happened; anything else is our mistake, told in full to the log alone. */
function asRpcError(error: unknown, log: Log): RpcError {
  if (error instanceof RpcError) {
    log("debug", `request refused: ${error.kind}: ${error.message}`);
    return error;
  }
  log(
    "error",
    `a handler failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
  return new RpcError("internalError", "internal error; the plugin's log says more");
}

/** Null: an empty line, which says nothing and is answered by nothing. */
function parseLine(line: Uint8Array): { value: unknown } | { error: RpcError } | null {
  try {
    const text = decodeLine(line);
    return text.trim() === "" ? null : { value: JSON.parse(text) };
  } catch (error) {
    const what = error instanceof SyntaxError ? "JSON" : "UTF-8";
    return { error: new RpcError("parseError", `the line is not ${what}`) };
  }
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

function namesOf<T extends object>(map: T): (keyof T & string)[] {
  return Object.keys(map) as (keyof T & string)[];
}
