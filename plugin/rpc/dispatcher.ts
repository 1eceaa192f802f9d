// Lines from the host → handlers of the contract's methods. Which error a bad message gets is request-server.ts's to say.

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
import { type AnyHandler, createRequestServer } from "./request-server.ts";
import type { AnswerFate } from "./requests.ts";

export { MAX_BATCH } from "./request-server.ts";

/** One handler for each method. Called in the order in which the requests came. */
export type Handlers = { [M in MethodName]: (params: Params<M>) => Promise<Result<M>> | Result<M> };
export type HostNotificationHandlers = {
  [N in HostNotificationName]: (params: HostNotificationParams<N>) => Promise<void> | void;
};

export interface DispatcherOptions {
  readonly handlers: Handlers;
  readonly notificationHandlers: HostNotificationHandlers;
  /** Takes the host's answers to our own requests. Without it, nothing was asked. */
  readonly onResponse?: (response: Record<string, unknown>) => AnswerFate;
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

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { handlers, notificationHandlers, send, log } = options;
  const all = new Map<string, AnyHandler>(
    [...Object.entries(handlers), ...Object.entries(notificationHandlers)].map(([name, handler]) => [
      name,
      handler as AnyHandler,
    ]),
  );
  const server = createRequestServer({
    methods,
    notifications: hostNotifications,
    handlerOf: (name) => all.get(name),
    onResponse(response) {
      const fate = options.onResponse?.(response) ?? "unasked";
      if (fate === "unasked") log("warn", "the host sent an answer, but was asked nothing of the kind");
      if (fate === "late") log("info", "the host sent an answer that nobody waits for any more");
    },
    send,
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
