// What a host uses to talk to a plugin: typed requests, checked notifications, and picture lines passed on unparsed.
// Knows nothing of processes: it is given the plugin's stdin and stdout.

import type { Readable, Writable } from "node:stream";
import {
  createJSONRPCErrorResponse,
  createJSONRPCNotification,
  createJSONRPCRequest,
  JSONRPCClient,
  type JSONRPCResponse,
} from "json-rpc-2.0";
import type { z } from "zod";
import {
  type HostNotificationName,
  type hostNotifications,
  jsonRpcErrorCodes,
  type MethodName,
  methods,
  type ParamsInput,
  type PluginNotificationName,
  type PluginNotificationParams,
  type Result,
  RpcError,
} from "../../rpc-schema/index.ts";
import type { Log } from "../log.ts";
import { createHostInbox } from "./host-inbox.ts";
import { readLines } from "./line-reader.ts";
import { summaryOf } from "./messages.ts";
import { createStdioLink } from "./stdio-link.ts";

export { FRAME_LINE_PREFIX, frameLineRoute, isFrameLine } from "../frames/frame-line.ts";

export type HostLinkErrorCode = "timeout" | "aborted" | "closed" | "wrongResult";

/** The request was not answered, or not as the contract says. What the plugin refused is an RpcError instead. */
export class HostLinkError extends Error {
  override readonly name = "HostLinkError";
  readonly code: HostLinkErrorCode;

  constructor(code: HostLinkErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

export interface RequestOptions {
  /** Until the answer must be there; {@link DEFAULT_TIMEOUT_MS} without. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface HostLink {
  /** @throws RpcError what the plugin answered; HostLinkError when it did not answer rightly */
  request<M extends MethodName>(
    method: M,
    params: ParamsInput<M>,
    options?: RequestOptions,
  ): Promise<Result<M>>;
  notify<N extends HostNotificationName>(
    name: N,
    params: z.input<(typeof hostNotifications)[N]["params"]>,
  ): void;
  /** Gives the function that takes the handler away again. Wrong notifications are logged and left out. */
  onNotification<N extends PluginNotificationName>(
    name: N,
    handler: (params: PluginNotificationParams<N>) => void,
  ): () => void;
  /** Picture lines, without newline, as they came; they are JSON already, and the receiver may keep the bytes. */
  onFrameLine(handler: (line: Buffer) => void): () => void;
  /** Ends the plugin's input; open requests reject with `closed`. Idempotent. */
  close(): void;
  /** Resolves, with the reason, when either side has closed. */
  readonly closed: Promise<string>;
}

/** Longer than the slowest answer, shutdown, takes with its hang-ups; a plugin silent for longer is stuck. */
export const DEFAULT_TIMEOUT_MS = 15_000;

export interface ConnectOptions {
  readonly log?: Log;
}

export function connectPlugin(stdin: Writable, stdout: Readable, options: ConnectOptions = {}): HostLink {
  const log = options.log ?? (() => undefined);
  const end = Promise.withResolvers<string>();
  let closedWhy: string | null = null;
  const link = createStdioLink({ output: stdin, onLost: (error) => finish(error.message) });
  const client = new JSONRPCClient((message) => link.send(JSON.stringify(message)));
  const inbox = createHostInbox((response) => client.receive(response), log);
  let lastId = 0;

  function finish(why: string): void {
    if (closedWhy !== null) return;
    closedWhy = why;
    link.close();
    client.rejectAllPendingRequests(why);
    end.resolve(why);
  }

  readLines(stdout, {
    onLine: inbox.receive,
    onTooLong: (limitBytes) =>
      log("error", `the plugin sent a line of more than ${limitBytes} bytes; skipped`),
    onEnd: (droppedBytes, error) => {
      if (droppedBytes > 0) log("warn", `the plugin's output ended within a line of ${droppedBytes} bytes`);
      finish(error ? `reading failed: ${error.message}` : "the plugin closed its output");
    },
  });

  /** The library has no way to forget a request, so one that is given up is answered in the plugin's place. */
  function giveUp(id: number, error: HostLinkError): void {
    client.receive(createJSONRPCErrorResponse(id, jsonRpcErrorCodes.internalError, error.message, error));
  }

  async function request<M extends MethodName>(
    method: M,
    params: ParamsInput<M>,
    { timeoutMs = DEFAULT_TIMEOUT_MS, signal }: RequestOptions = {},
  ): Promise<Result<M>> {
    if (closedWhy !== null) throw new HostLinkError("closed", `${method}: ${closedWhy}`);
    if (signal?.aborted) throw new HostLinkError("aborted", `${method} was aborted`, signal.reason);
    lastId += 1;
    const id = lastId;
    const answer = client.requestAdvanced(createJSONRPCRequest(id, method, params));
    const late = () =>
      giveUp(id, new HostLinkError("timeout", `${method}: no answer within ${timeoutMs} ms`));
    const onAbort = () => giveUp(id, new HostLinkError("aborted", `${method} was aborted`, signal?.reason));
    const timer = setTimeout(late, timeoutMs);
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      const response = await answer;
      // The closing of the link is told by the library as an answer with an error of its own.
      if (response.error && closedWhy !== null) throw closedError(method, response, closedWhy);
      return resultOf(method, response);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  return {
    request,
    notify: (name, params) => link.send(JSON.stringify(createJSONRPCNotification(name, params))),
    onNotification: inbox.onNotification,
    onFrameLine: inbox.onFrameLine,
    close: () => finish("the host closed the link"),
    closed: end.promise,
  };
}

/** An error with data came from the plugin before the end, or from giving up. */
function closedError(method: string, response: JSONRPCResponse, why: string): Error {
  if (response.error?.data !== undefined) return errorOf(response.error);
  return new HostLinkError("closed", `${method}: ${why}`);
}

function resultOf<M extends MethodName>(method: M, response: JSONRPCResponse): Result<M> {
  if (response.error) throw errorOf(response.error);
  const checked = methods[method].result.safeParse(response.result);
  if (!checked.success) {
    const why = summaryOf(checked.error, response.result);
    throw new HostLinkError("wrongResult", `${method} was answered wrongly: ${why}`);
  }
  return checked.data as Result<M>;
}

function errorOf(error: NonNullable<JSONRPCResponse["error"]>): Error {
  return error.data instanceof HostLinkError ? error.data : RpcError.fromWire(error);
}
