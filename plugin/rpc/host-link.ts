// The host's end of the link to a plugin: typed requests, checked notifications, and frame lines that pass unparsed. It works
// on the plugin's stdin and stdout; the host starts the process.

import type { Readable, Writable } from "node:stream";
import type { z } from "zod";
import {
  type HostNotificationName,
  type hostNotifications,
  type MethodName,
  methods,
  type ParamsInput,
  type PluginMethodName,
  type PluginMethodParams,
  type PluginMethodResult,
  type PluginNotificationName,
  type PluginNotificationParams,
  pluginMethods,
  type Result,
  withCurrentNames,
} from "../../rpc-schema/index.ts";
import { createUnknownFieldLog } from "../common/unknown-field-log.ts";
import type { Log } from "../log.ts";
import { HostInbox } from "./host-inbox.ts";
import { notificationLine } from "./json-rpc.ts";
import { readLines } from "./line-reader.ts";
import { type AnyHandler, createRequestServer } from "./request-server.ts";
import { type RequestOptions, Requests } from "./requests.ts";
import { createStdioLink, type StdioLink } from "./stdio-link.ts";

export { FRAME_LINE_PREFIX, frameLineRoute, isFrameLine } from "../frames/frame-line.ts";
export { type InitializeParams, initializePlugin } from "./initialize.ts";
export { DEFAULT_TIMEOUT_MS, HostLinkError, type HostLinkErrorCode } from "./requests.ts";

/** Answers a request of the plugin. An RpcError that it throws becomes the answer. */
export type PluginRequestHandler<M extends PluginMethodName> = (
  params: PluginMethodParams<M>,
) => Promise<PluginMethodResult<M>> | PluginMethodResult<M>;

export interface HostLink {
  /** @throws RpcError when the plugin refuses; HostLinkError without an answer that fits the contract */
  request<M extends MethodName>(
    method: M,
    params: ParamsInput<M>,
    options?: RequestOptions,
  ): Promise<Result<M>>;
  notify<N extends HostNotificationName>(
    name: N,
    params: z.input<(typeof hostNotifications)[N]["params"]>,
  ): void;
  /**
   * Notifications that break the contract are logged and dropped.
   * @returns the function that removes the handler
   */
  onNotification<N extends PluginNotificationName>(
    name: N,
    handler: (params: PluginNotificationParams<N>) => void,
  ): () => void;
  /**
   * Serves a request of the plugin, in place of an earlier handler. A request without a handler is answered with
   * methodNotFound. Requests reach their handlers in the order of arrival, without waiting for each other.
   */
  onRequest<M extends PluginMethodName>(method: M, handler: PluginRequestHandler<M>): void;
  /**
   * Frame lines without their newline, as they came. They are complete JSON, and the receiver may keep the bytes.
   * @returns the function that removes the handler
   */
  onFrameLine(handler: (line: Buffer) => void): () => void;
  /** Ends the plugin's input. Open requests reject with `closed`. Idempotent. */
  close(): void;
  /** Resolves, with the reason, when either side has closed. */
  readonly closed: Promise<string>;
}

export interface ConnectOptions {
  readonly log?: Log;
}

export function connectPlugin(stdin: Writable, stdout: Readable, options: ConnectOptions = {}): HostLink {
  return new PipedHostLink(stdin, stdout, options.log ?? (() => undefined));
}

type NotificationInput<N extends HostNotificationName> = z.input<(typeof hostNotifications)[N]["params"]>;

class PipedHostLink implements HostLink {
  readonly closed: Promise<string>;
  readonly #link: StdioLink;
  readonly #requests: Requests<typeof methods>;
  readonly #served = new Map<string, AnyHandler>();
  readonly #inbox: HostInbox;
  readonly #resolveClosed: (why: string) => void;
  #isClosed = false;

  constructor(stdin: Writable, stdout: Readable, log: Log) {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.closed = promise;
    this.#resolveClosed = resolve;
    this.#link = createStdioLink({ output: stdin, onLost: (error) => this.#finish(error.message) });
    const send = (line: string): void => this.#link.send(line);
    this.#requests = new Requests({
      definitions: methods,
      send,
      decode: withCurrentNames,
      logUnknownFields: createUnknownFieldLog(log),
    });
    const server = createRequestServer({
      methods: pluginMethods,
      notifications: {},
      handlerOf: (name) => this.#served.get(name),
      onResponse: () => undefined, // the inbox has taken the answers out
      send,
      log,
    });
    this.#inbox = new HostInbox({
      onResponse: (response) => this.#requests.receive(response),
      onRequest: (value) => server.receive(value),
      log,
    });
    this.#read(stdout, log);
  }

  request<M extends MethodName>(
    method: M,
    params: ParamsInput<M>,
    options?: RequestOptions,
  ): Promise<Result<M>> {
    return this.#requests.request(method, params, options);
  }

  notify<N extends HostNotificationName>(name: N, params: NotificationInput<N>): void {
    this.#link.send(notificationLine(name, params));
  }

  onNotification<N extends PluginNotificationName>(
    name: N,
    handler: (params: PluginNotificationParams<N>) => void,
  ): () => void {
    return this.#inbox.onNotification(name, handler);
  }

  onRequest<M extends PluginMethodName>(method: M, handler: PluginRequestHandler<M>): void {
    this.#served.set(method, handler as AnyHandler);
  }

  onFrameLine(handler: (line: Buffer) => void): () => void {
    return this.#inbox.onFrameLine(handler);
  }

  close(): void {
    this.#finish("the host closed the link");
  }

  #read(stdout: Readable, log: Log): void {
    readLines(stdout, {
      onLine: (line) => this.#inbox.receive(line),
      onTooLong: (limitBytes) =>
        log("error", `a line of the plugin was longer than ${limitBytes} bytes and was skipped`),
      onEnd: (droppedBytes, error) => {
        if (droppedBytes > 0) log("warn", `the plugin's output ended within a line of ${droppedBytes} bytes`);
        this.#finish(error ? `reading failed: ${error.message}` : "the plugin closed its output");
      },
    });
  }

  /** Only the first reason counts, because closing one end closes the other one too. */
  #finish(why: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#link.close();
    this.#requests.close(why);
    this.#resolveClosed(why);
  }
}
