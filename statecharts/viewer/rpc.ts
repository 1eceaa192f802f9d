// A JSON-RPC client over a WebSocket, with requests, notifications, and a new connection after a loss.

import { isRecord } from "../describe/is-record.ts";

/** Longer than any response takes. */
const ANSWER_TIMEOUT_MS = 15_000;
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 5_000;

/** An error response; `kind` is the contract's name for it, such as `debuggingOff`. */
export class RpcFailure extends Error {
  override readonly name = "RpcFailure";
  readonly kind: string;

  constructor(kind: string, message: string) {
    super(message);
    this.kind = kind;
  }
}

export interface RpcOptions {
  readonly url: string;
  /** WebSocket subprotocols; one of them may carry a token. */
  readonly protocols: readonly string[];
  onOpen(): void;
  onClose(): void;
  onNotification(method: string, params: Readonly<Record<string, unknown>>): void;
}

interface Pending {
  resolve(result: unknown): void;
  reject(error: Error): void;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** Connects at once, and again after each loss until it is closed. */
export class Rpc {
  readonly #options: RpcOptions;
  readonly #pending = new Map<number, Pending>();
  #socket: WebSocket | undefined;
  #nextId = 1;
  #retryMs = FIRST_RETRY_MS;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(options: RpcOptions) {
    this.#options = options;
    this.#connect();
  }

  /** @throws RpcFailure with the error of the response, `disconnected` or `timeout` */
  request(method: string, params: object = {}): Promise<unknown> {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN) {
      return Promise.reject(new RpcFailure("disconnected", "there is no connection"));
    }
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new RpcFailure("timeout", `no answer to ${method} within ${ANSWER_TIMEOUT_MS / 1000} s`));
      }, ANSWER_TIMEOUT_MS);
      this.#pending.set(id, { resolve, reject, timer });
      socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    });
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    this.#socket?.close();
  }

  #connect(): void {
    const { url, protocols } = this.#options;
    const socket = new WebSocket(url, [...protocols]);
    this.#socket = socket;
    socket.onopen = () => {
      this.#retryMs = FIRST_RETRY_MS;
      if (!this.#isClosed) this.#options.onOpen();
    };
    socket.onmessage = ({ data }: MessageEvent<string>) => {
      if (!this.#isClosed) this.#receive(data);
    };
    socket.onclose = () => this.#lost();
  }

  #receive(text: string): void {
    const message: unknown = JSON.parse(text);
    if (!isRecord(message)) return;
    const { id, method, params, result, error } = message;
    if (typeof method === "string") this.#options.onNotification(method, isRecord(params) ? params : {});
    const pending = typeof id === "number" ? this.#pending.get(id) : undefined;
    if (!pending) return;
    this.#pending.delete(Number(id));
    clearTimeout(pending.timer);
    if (isRecord(error)) {
      const kind = isRecord(error.data) ? String(error.data.name) : String(error.code);
      pending.reject(new RpcFailure(kind, String(error.message)));
    } else pending.resolve(result);
  }

  #lost(): void {
    this.#socket = undefined;
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(new RpcFailure("disconnected", "the connection was lost"));
    }
    this.#pending.clear();
    if (this.#isClosed) return;
    this.#options.onClose();
    this.#retry = setTimeout(() => this.#connect(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
  }
}
