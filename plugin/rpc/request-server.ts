// Passes the requests and notifications of the far end to handlers, and sends the answers. Chooses the JSON-RPC error for
// each bad message. Host and plugin use the same code. Handlers check whether a method fits the present state.

import type { z } from "zod";
import { issuesOf, RpcError } from "../../rpc-schema/index.ts";
import { isRecord } from "../../rpc-schema/is-record.ts";
import { errorText } from "../common/error-text.ts";
import { FileError, failureText, isExhaustion } from "../common/system-failure.ts";
import { createUnknownFieldLog } from "../common/unknown-field-log.ts";
import type { Log } from "../log.ts";
import {
  type ErrorResponse,
  errorResponse,
  type MessageId,
  MethodServer,
  type Response,
} from "./json-rpc.ts";
import {
  checkRequest,
  idOf,
  looksLikeResponse,
  type MethodDefinitions,
  type NotificationDefinitions,
  summaryOf,
} from "./messages.ts";
import { LineTooLongError } from "./stdio-link.ts";

/** A typed handler, as code sees it that takes the handler's name from a message. */
export type AnyHandler = (params: unknown) => unknown;

export interface RequestServerOptions {
  readonly methods: MethodDefinitions;
  readonly notifications: NotificationDefinitions;
  /** Looked up at each call. A method without a handler is answered as one that does not exist. */
  handlerOf(name: string): AnyHandler | undefined;
  /** Receives answers of the far end. An answer is never answered. */
  onResponse(response: Record<string, unknown>): void;
  /** Takes one line without its newline. @throws LineTooLongError */
  send(line: string): void;
  /** Writes a result as the agreed version of the contract has it; without it, results are sent as they are. */
  encode?(result: unknown): unknown;
  /** Holds notifications back until the returned function is called; see {@link ANSWERED_FIRST}. */
  holdNotifications?(): () => void;
  readonly log: Log;
}

export interface RequestServer {
  /** One parsed line, which holds a message or a batch. Never throws. Handlers start before it returns. */
  receive(value: unknown): void;
  /** Sends the answer to a line whose id cannot be read. */
  refuseLine(error: RpcError): void;
}

/** No far end needs more at once. Without a limit one line could start 100,000 handlers. */
export const MAX_BATCH = 100;

/**
 * The answer to these methods goes out before the notifications that follow from them. That of `call.start` names the call. That
 * of `initialize` names the version, also for a host that sends `initialized` without waiting for it.
 */
const ANSWERED_FIRST: ReadonlySet<unknown> = new Set(["call.start", "initialize"]);

export function createRequestServer(options: RequestServerOptions): RequestServer {
  const { send, log } = options;
  const server = createMethodServer(options);
  /** The ids of the requests whose answers have not been sent. */
  const openIds = new Set<MessageId>();

  /** Starts the handler before it returns. @returns null where nothing is answered */
  async function handle(message: unknown, ids: MessageId[]): Promise<Response | null> {
    if (looksLikeResponse(message)) {
      options.onResponse(message);
      return null;
    }
    try {
      const request = checkRequest(message);
      if (request.id !== undefined) claim(request.id, ids);
      return await server.receive(request);
    } catch (error) {
      return errorResponse(idOf(message), toRpcError(error, log));
    }
  }

  function claim(id: MessageId, ids: MessageId[]): void {
    if (openIds.has(id)) {
      const issues = [{ field: "id", value: JSON.stringify(id), expected: "an id that is not in use" }];
      throw new RpcError("duplicateId", "a request with this id has not been answered yet", { issues });
    }
    openIds.add(id);
    ids.push(id);
  }

  async function answer(value: unknown): Promise<void> {
    const ids: MessageId[] = [];
    const release = isAnsweredFirst(value) ? options.holdNotifications?.() : undefined;
    const responses = await handleAll(value, (message) => handle(message, ids));
    for (const id of ids) openIds.delete(id);
    if (responses !== null) sendResponses(responses, send, log);
    release?.();
  }

  return {
    receive(value) {
      answer(value).catch((error: unknown) => log("error", `answering failed: ${errorText(error)}`));
    },
    refuseLine: (error) => sendResponses(errorResponse(null, error), send, log),
  };
}

function isAnsweredFirst(value: unknown): boolean {
  const messages = Array.isArray(value) ? value.slice(0, MAX_BATCH) : [value];
  return messages.some((message) => isRecord(message) && ANSWERED_FIRST.has(message.method));
}

/** Section 6: a list answers a batch, one error answers an empty batch, and a batch of notifications has no answer. */
async function handleAll(
  value: unknown,
  handle: (message: unknown) => Promise<Response | null>,
): Promise<Response | Response[] | null> {
  if (!Array.isArray(value)) return handle(value);
  if (value.length === 0 || value.length > MAX_BATCH) {
    const message = `a batch holds 1 to ${MAX_BATCH} messages, not ${value.length}`;
    return errorResponse(null, new RpcError("invalidRequest", message));
  }
  const responses = (await Promise.all(value.map(handle))).filter((response) => response !== null);
  return responses.length > 0 ? responses : null;
}

function createMethodServer(options: RequestServerOptions): MethodServer {
  const { methods, notifications, handlerOf, encode = (same: unknown) => same, log } = options;
  const logUnknownFields = createUnknownFieldLog(log);
  const server = new MethodServer({
    toRpcError: (error, isRequest) => toRpcError(error, log, isRequest),
    onUnknown(name, isRequest) {
      if (isRequest)
        throw notFound(`there is no method ${shownName(name)}`, name, "one of those in openrpc.json");
      log("warn", `unknown notification ${JSON.stringify(name.slice(0, 100))} ignored`);
      return null;
    },
  });

  /** @throws RpcError invalidParams */
  function checkParams(name: string, schema: z.ZodType, params: unknown = {}): unknown {
    const checked = schema.safeParse(params);
    if (!checked.success) {
      throw new RpcError("invalidParams", `${name}: ${summaryOf(checked.error, params, schema)}`, {
        issues: issuesOf(checked.error, params, schema),
      });
    }
    logUnknownFields(name, params, checked.data);
    return checked.data;
  }

  for (const [name, definition] of Object.entries(methods)) {
    server.add(name, async (params) => {
      const handler = handlerOf(name);
      if (!handler) throw notFound(`${name} is not handled here`, name, "a method that this side serves");
      const result = await handler(checkParams(name, definition.params, params));
      return encode(checkResult(name, definition.result, result));
    });
  }
  for (const [name, definition] of Object.entries(notifications)) {
    server.add(name, (params, isRequest) => {
      if (isRequest) throw notFound(`${name} is a notification`, name, "a message without an id");
      return handlerOf(name)?.(checkParams(name, definition.params, params));
    });
  }
  return server;
}

/** A wrong result of a handler is our own mistake. */
function checkResult(name: string, schema: z.ZodType, result: unknown): unknown {
  const checked = schema.safeParse(result);
  if (checked.success) return checked.data;
  throw new Error(`the handler of ${name} returned a wrong result: ${summaryOf(checked.error, result)}`);
}

function notFound(why: string, method: string, expected: string): RpcError {
  return new RpcError("methodNotFound", `${why}, expected ${expected}`, {
    issues: [{ field: "method", value: shownName(method), expected }],
  });
}

function shownName(method: string): string {
  return JSON.stringify(method.length > 100 ? `${method.slice(0, 100)}…` : method);
}

/**
 * An RpcError is meant for the far end, and so is a refusal of the system. Any other error is our own mistake, and only the log
 * gets its text. A refused notification has no answer, so the log is the only place where its author can see it.
 */
function toRpcError(error: unknown, log: Log, isRequest = true): RpcError {
  if (error instanceof RpcError) {
    if (isRequest) log("debug", `request refused: ${error.kind}: ${error.message}`);
    else log("warn", `notification ignored: ${error.message}`, error.data);
    return error;
  }
  if (error instanceof FileError) {
    log("warn", error.message);
    return new RpcError("storageFailed", error.message, { cause: error });
  }
  if (isExhaustion(error)) {
    const message = `The system refused this: ${failureText(error)}.`;
    log("warn", message);
    return new RpcError("exhausted", message, { cause: error });
  }
  log(
    "error",
    `a handler failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
  return new RpcError("internalError", "internal error; the log of the answering side has the details");
}

function sendResponses(responses: Response | Response[], send: (line: string) => void, log: Log): void {
  try {
    send(JSON.stringify(responses));
  } catch (error) {
    if (!(error instanceof LineTooLongError)) throw error;
    log("error", `an answer was not sent: ${error.message}`);
    const shorter = ({ id }: Response): ErrorResponse => errorResponse(shortId(id), tooLong(error));
    send(JSON.stringify(Array.isArray(responses) ? responses.map(shorter) : shorter(responses)));
  }
}

const tooLong = (error: Error): RpcError => new RpcError("lineTooLong", `the answer: ${error.message}`);

/** Drops an id that alone would make the answer too long again. */
function shortId(id: MessageId): MessageId {
  return typeof id === "string" && id.length > 1000 ? null : id;
}
