// Passes the host's lines to the handlers of the contract's methods. request-server.ts chooses the errors.

import {
  type HostNotificationName,
  type HostNotificationParams,
  hostNotifications,
  type MethodName,
  methods,
  type Params,
  type Result,
  RpcError,
} from "../../rpc-schema/index.ts";
import type { Log } from "../log.ts";
import { decodeLine } from "./line-reader.ts";
import { type AnyHandler, createRequestServer, type RequestServerOptions } from "./request-server.ts";
import type { AnswerFate } from "./requests.ts";

export { MAX_BATCH } from "./request-server.ts";

/** One handler for each method, called in the order of the requests. */
export type Handlers = { [M in MethodName]: (params: Params<M>) => Promise<Result<M>> | Result<M> };
export type HostNotificationHandlers = {
  [N in HostNotificationName]: (params: HostNotificationParams<N>) => Promise<void> | void;
};

export interface DispatcherOptions
  extends Pick<RequestServerOptions, "send" | "encode" | "holdNotifications"> {
  readonly handlers: Handlers;
  readonly notificationHandlers: HostNotificationHandlers;
  /** Receives the host's answers to our own requests. Without it, every answer counts as unasked. */
  readonly onResponse?: (response: Record<string, unknown>) => AnswerFate;
  readonly log: Log;
}

export interface Dispatcher {
  /** One line from the host. Never throws; every answer goes through `send`. */
  receive(line: Uint8Array): void;
  /** Answers a line that was over the limit and therefore skipped. */
  refuseLongLine(limitBytes: number): void;
}

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { handlers, notificationHandlers, log, ...rest } = options;
  const all = new Map<string, AnyHandler>(
    [...Object.entries(handlers), ...Object.entries(notificationHandlers)].map(([name, handler]) => [
      name,
      handler as AnyHandler,
    ]),
  );
  const server = createRequestServer({
    ...rest,
    methods,
    notifications: hostNotifications,
    handlerOf: (name) => all.get(name),
    onResponse(response) {
      const fate = options.onResponse?.(response) ?? "unasked";
      if (fate === "unasked") log("warn", "the host answered a request that was never sent");
      if (fate === "late") log("info", "the host answered a request that was given up or answered before");
    },
    log,
  });
  return {
    receive(line) {
      const text = parseLine(line);
      if (text === null) return;
      if ("error" in text) server.refuseLine(text.error);
      else server.receive(text.value);
    },

    refuseLongLine(limitBytes) {
      server.refuseLine(new RpcError("lineTooLong", `a line may be ${limitBytes} bytes long at most`));
    },
  };
}

/** @returns null for an empty line, which has no answer */
function parseLine(line: Uint8Array): { value: unknown } | { error: RpcError } | null {
  try {
    const text = decodeLine(line);
    return text.trim() === "" ? null : { value: JSON.parse(text) };
  } catch (error) {
    const what = error instanceof SyntaxError ? "JSON" : "UTF-8";
    return { error: new RpcError("parseError", `the line is not ${what}`) };
  }
}
