// The page's end of the JSON-RPC link to its host, over one WebSocket. It matches answers to requests, routes frames to
// their streams, and reconnects after a loss.

import type {
  FieldIssue,
  HostNotificationName,
  HostNotificationParams,
  HostValues,
  MethodName,
  ParamsInput,
  PluginNotificationName,
  PluginNotificationParams,
  Result,
} from "../../../rpc-schema/index.ts";
import {
  HOST_CHANGE_SETTINGS,
  HOST_RESTART,
  HOST_SETTINGS,
  HOST_STATE,
  type HostState,
  PAGE_PROTOCOL,
  type SettingsAnswer,
  TOKEN_PROTOCOL_PREFIX,
} from "../../http/page-messages.ts";
import { type FrameMessage, isFrameLine, readFrameLine } from "./frame-line-reader.ts";
import { isRecord } from "./is-record.ts";

/** Longer than the plugin needs for any request. A request without an answer by then has failed. */
const ANSWER_TIMEOUT_MS = 30_000;
/** Short, because a host that restarts is back soon. The delay doubles at each failure. */
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 5_000;

type Notifications = { [N in PluginNotificationName]: PluginNotificationParams<N> } & {
  [HOST_STATE]: HostState;
};
type NotificationName = keyof Notifications;
type Handler<P> = (params: P) => void;

/** What a LinkError can add to its kind and message. */
interface LinkErrorDetails {
  readonly method?: string;
  readonly issues?: readonly FieldIssue[];
}

/** A request failed. `kind` is the contract's name for the error, such as `alreadyInCall`, or `disconnected` or `timeout`. */
export class LinkError extends Error {
  override readonly name = "LinkError";
  readonly kind: string;
  /** The method of the failed request; undefined when the page never sent one. */
  readonly method: string | undefined;
  /** The fields that were refused, where the answer names them. */
  readonly issues: readonly FieldIssue[];

  constructor(kind: string, message: string, { method, issues = [] }: LinkErrorDetails = {}) {
    super(message);
    this.kind = kind;
    this.method = method;
    this.issues = issues;
  }
}

interface PendingRequest {
  readonly method: string;
  resolve(result: unknown): void;
  reject(error: Error): void;
  timer: ReturnType<typeof setTimeout>;
}

/**
 * Reconnects as long as the page lives. Handlers of notifications survive a lost connection. Handlers of streams do not,
 * because the streams end with the connection.
 */
export class Link {
  readonly #url: string;
  readonly #token: string;
  readonly #pending = new Map<number, PendingRequest>();
  readonly #handlers = new Map<string, Set<Handler<never>>>();
  readonly #streams = new Map<string, Handler<FrameMessage>>();
  #socket: WebSocket | undefined;
  #nextId = 1;
  #retryMs = FIRST_RETRY_MS;
  /** Runs with true when the socket opens, and with false when it closes. */
  onOpenChange: (isOpen: boolean) => void = () => undefined;

  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  /** Call this once. The link reconnects by itself. */
  connect(): void {
    const socket = new WebSocket(this.#url, [PAGE_PROTOCOL, TOKEN_PROTOCOL_PREFIX + this.#token]);
    this.#socket = socket;
    socket.onopen = () => {
      this.#retryMs = FIRST_RETRY_MS;
      this.onOpenChange(true);
    };
    socket.onmessage = (event: MessageEvent<string>) => this.#receive(event.data);
    socket.onclose = () => this.#reconnect();
  }

  /** @throws LinkError with the plugin's error name, `disconnected` or `timeout` as its kind */
  request<M extends MethodName>(method: M, params: ParamsInput<M>): Promise<Result<M>> {
    return this.#send(method, params) as Promise<Result<M>>;
  }

  /** Makes the host start the plugin again. @throws LinkError */
  async restartPlugin(): Promise<void> {
    await this.#send(HOST_RESTART, {});
  }

  /** @returns the settings that the host stores. @throws LinkError */
  hostSettings(): Promise<SettingsAnswer> {
    return this.#send(HOST_SETTINGS, {}) as Promise<SettingsAnswer>;
  }

  /** Changes all given settings, or none. @throws LinkError invalidParams, whose message names the refused values */
  changeHostSettings(values: Partial<HostValues>): Promise<SettingsAnswer> {
    return this.#send(HOST_CHANGE_SETTINGS, { values }) as Promise<SettingsAnswer>;
  }

  /** Without a connection the notification is dropped: its stream or call ended with the connection. */
  notify<N extends HostNotificationName>(method: N, params: HostNotificationParams<N>): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#socket.send(JSON.stringify({ jsonrpc: "2.0", method, params }));
  }

  /** @returns a function that removes the handler */
  on<N extends NotificationName>(method: N, handler: Handler<Notifications[N]>): () => void {
    const handlers = this.#handlers.get(method) ?? new Set();
    this.#handlers.set(method, handlers);
    handlers.add(handler as Handler<never>);
    return () => handlers.delete(handler as Handler<never>);
  }

  /**
   * Receives the frames of one stream. Register in the same turn in which `frames.subscribe` is answered, or frames are lost.
   * @returns a function that removes the handler
   */
  onFrame(stream: string, handler: Handler<FrameMessage>): () => void {
    this.#streams.set(stream, handler);
    return () => this.#streams.delete(stream);
  }

  #send(method: string, params: object): Promise<unknown> {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN) {
      return Promise.reject(
        new LinkError("disconnected", "The page is not connected to its host.", { method }),
      );
    }
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        const message = `No answer to ${method} within ${ANSWER_TIMEOUT_MS / 1000} s.`;
        reject(new LinkError("timeout", message, { method }));
      }, ANSWER_TIMEOUT_MS);
      this.#pending.set(id, { method, resolve, reject, timer });
      socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    });
  }

  #receive(text: string): void {
    if (isFrameLine(text)) {
      const frame = readFrameLine(text);
      this.#streams.get(frame.stream)?.(frame);
      return;
    }
    const message: unknown = JSON.parse(text);
    if (!isRecord(message)) return;
    if (typeof message.method === "string") {
      for (const handler of this.#handlers.get(message.method) ?? []) handler(message.params as never);
    } else if (typeof message.id === "number") {
      this.#settle(message.id, message);
    }
  }

  #settle(id: number, answer: Record<string, unknown>): void {
    const pending = this.#pending.get(id);
    if (!pending) return;
    this.#pending.delete(id);
    clearTimeout(pending.timer);
    if (isRecord(answer.error)) pending.reject(readError(answer.error, pending.method));
    else pending.resolve(answer.result);
  }

  #reconnect(): void {
    this.#socket = undefined;
    for (const { method, reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(new LinkError("disconnected", "The connection to the host was lost.", { method }));
    }
    this.#pending.clear();
    this.#streams.clear();
    this.onOpenChange(false);
    setTimeout(() => this.connect(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
  }
}

function readError({ code, message, data }: Record<string, unknown>, method: string): LinkError {
  const kind = isRecord(data) ? String(data.name) : String(code);
  const issues = isRecord(data) && Array.isArray(data.issues) ? data.issues.filter(isRecord) : [];
  const fields = issues.map(({ field, value, expected }) => ({
    field: String(field),
    value: String(value),
    expected: String(expected),
  }));
  return new LinkError(kind, String(message), { method, issues: fields });
}
