// The page's end of the JSON-RPC link to its host, over one WebSocket. Correlates answers, hands frames to the streams
// they belong to, and connects again after a loss. Knows no call.

import type {
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

/** Longer than any answer of the plugin takes; a request that is not answered by then never will be. */
const ANSWER_TIMEOUT_MS = 30_000;
/** Short, for a host that was just restarted; doubled at each failure. */
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 5_000;

type Notifications = { [N in PluginNotificationName]: PluginNotificationParams<N> } & {
  [HOST_STATE]: HostState;
};
type NotificationName = keyof Notifications;
type Handler<P> = (params: P) => void;

/** An answer that was an error; `kind` is the contract's name for it, such as `alreadyInCall`. */
export class LinkError extends Error {
  override readonly name = "LinkError";
  readonly kind: string;

  constructor(kind: string, message: string) {
    super(message);
    this.kind = kind;
  }
}

interface Pending {
  resolve(result: unknown): void;
  reject(error: Error): void;
  timer: ReturnType<typeof setTimeout>;
}

/**
 * Connects anew for as long as the page lives. Handlers of notifications stay over a loss, those of streams
 * do not.
 */
export class Link {
  readonly #url: string;
  readonly #token: string;
  readonly #pending = new Map<number, Pending>();
  readonly #handlers = new Map<string, Set<Handler<never>>>();
  readonly #streams = new Map<string, Handler<FrameMessage>>();
  #socket: WebSocket | undefined;
  #nextId = 1;
  #retryMs = FIRST_RETRY_MS;
  /** Called with true when the socket opened, with false when it closed. */
  onOpenChange: (isOpen: boolean) => void = () => undefined;

  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  /** Call once; after a loss it calls itself. */
  connect(): void {
    const socket = new WebSocket(this.#url, [PAGE_PROTOCOL, TOKEN_PROTOCOL_PREFIX + this.#token]);
    this.#socket = socket;
    socket.onopen = () => {
      this.#retryMs = FIRST_RETRY_MS;
      this.onOpenChange(true);
    };
    socket.onmessage = (event: MessageEvent<string>) => this.#receive(event.data);
    socket.onclose = () => this.#lost();
  }

  /** @throws LinkError with the plugin's answer, `disconnected` or `timeout` */
  request<M extends MethodName>(method: M, params: ParamsInput<M>): Promise<Result<M>> {
    return this.#ask(method, params) as Promise<Result<M>>;
  }

  /** Asks the host to start the plugin again. @throws LinkError */
  async restartPlugin(): Promise<void> {
    await this.#ask(HOST_RESTART, {});
  }

  /** The settings as the host keeps them. @throws LinkError */
  hostSettings(): Promise<SettingsAnswer> {
    return this.#ask(HOST_SETTINGS, {}) as Promise<SettingsAnswer>;
  }

  /** Changes what is named, all or nothing. @throws LinkError invalidParams, naming what is wrong */
  changeHostSettings(values: Partial<HostValues>): Promise<SettingsAnswer> {
    return this.#ask(HOST_CHANGE_SETTINGS, { values }) as Promise<SettingsAnswer>;
  }

  /** Dropped while there is no connection: what it would be about is over then. */
  notify<N extends HostNotificationName>(method: N, params: HostNotificationParams<N>): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#socket.send(JSON.stringify({ jsonrpc: "2.0", method, params }));
  }

  /** Returns a function that takes the handler off again. */
  on<N extends NotificationName>(method: N, handler: Handler<Notifications[N]>): () => void {
    const handlers = this.#handlers.get(method) ?? new Set();
    this.#handlers.set(method, handlers);
    handlers.add(handler as Handler<never>);
    return () => handlers.delete(handler as Handler<never>);
  }

  /** Pictures of one stream. Register in the same turn in which frames.subscribe was answered. */
  onFrame(stream: string, handler: Handler<FrameMessage>): () => void {
    this.#streams.set(stream, handler);
    return () => this.#streams.delete(stream);
  }

  #ask(method: string, params: object): Promise<unknown> {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN) {
      return Promise.reject(new LinkError("disconnected", "The page is not connected to its host."));
    }
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new LinkError("timeout", `No answer to ${method} within ${ANSWER_TIMEOUT_MS / 1000} s.`));
      }, ANSWER_TIMEOUT_MS);
      this.#pending.set(id, { resolve, reject, timer });
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
    const { error } = answer;
    if (!isRecord(error)) {
      pending.resolve(answer.result);
      return;
    }
    const kind = isRecord(error.data) ? String(error.data.name) : String(error.code);
    pending.reject(new LinkError(kind, String(error.message)));
  }

  #lost(): void {
    this.#socket = undefined;
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(new LinkError("disconnected", "The connection to the host was lost."));
    }
    this.#pending.clear();
    this.#streams.clear();
    this.onOpenChange(false);
    setTimeout(() => this.connect(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
