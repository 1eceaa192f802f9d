// JSON-RPC 2.0 with one plugin process: one message a line, requests in both directions.

import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { errorCode, findInvalidParam, findMethod, isObject } from "./document.ts";

type Params = Record<string, unknown>;

export interface Handlers {
  /** Answers a request of the plugin. A RequestFailed becomes the JSON-RPC error of that name. */
  onRequest(method: string, params: Params): Promise<unknown>;
  onNotification(method: string, params: Params): void;
}

export class RequestFailed extends Error {
  readonly errorName: string;

  /** @param errorName a key of `components.errors` in the document */
  constructor(errorName: string, message: string) {
    super(message);
    this.errorName = errorName;
  }
}

export class Connection {
  /** Resolves when the process has ended and all of its output has been read. */
  readonly closed: Promise<void>;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #handlers: Handlers;
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>();
  #lastId = 0;
  #partialLine = Buffer.alloc(0);

  /** @param command program and arguments */
  constructor([program = "", ...args]: readonly string[], handlers: Handlers) {
    this.#handlers = handlers;
    this.#child = spawn(program, args, { stdio: ["pipe", "pipe", "ignore"] });
    this.closed = new Promise((resolve) => {
      this.#child.once("error", () => resolve());
      this.#child.once("close", () => resolve());
    });
    void this.closed.then(() => {
      for (const { reject } of this.#pending.values()) reject(new Error("the plugin has ended"));
    });
    // With no file descriptor left Node makes no pipes. `closed` resolves in the next turn.
    if (this.#child.pid === undefined) return;
    // Writing to a plugin that has died fails with EPIPE. `closed` reports the death.
    this.#child.stdin.on("error", () => undefined);
    this.#child.stdout.on("data", (chunk: Buffer) => this.#read(chunk));
  }

  request(method: string, params: object): Promise<unknown> {
    checkOutgoing(method, params);
    const id = ++this.#lastId;
    const answer = Promise.withResolvers<unknown>();
    this.#pending.set(id, answer);
    this.#write({ id, method, params });
    return answer.promise;
  }

  notify(method: string, params: object): void {
    checkOutgoing(method, params);
    this.#write({ method, params });
  }

  endInput(): void {
    if (this.#child.pid !== undefined) this.#child.stdin.end();
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  #write(message: object): void {
    if (this.#child.pid !== undefined && this.#child.stdin.writable) {
      this.#child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
    }
  }

  /** Splits at "\n" only. node:readline also splits at U+2028, which JSON text may contain. */
  #read(chunk: Buffer): void {
    const bytes = Buffer.concat([this.#partialLine, chunk]);
    const end = bytes.lastIndexOf("\n");
    this.#partialLine = bytes.subarray(end + 1);
    if (end < 0) return;
    for (const line of bytes.subarray(0, end).toString().split("\n")) this.#readLine(line);
  }

  #readLine(line: string): void {
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      return; // A native library may print to stdout.
    }
    if (!isObject(message)) return;
    const { id, method, params = {} } = message;
    if (typeof method === "string" && id !== undefined) void this.#answer(id, method, params);
    else if (typeof method === "string" && isObject(params)) this.#handlers.onNotification(method, params);
    else if (typeof id === "number") this.#settle(id, message);
  }

  #settle(id: number, { result, error }: Params): void {
    const answer = this.#pending.get(id);
    this.#pending.delete(id);
    if (isObject(error)) answer?.reject(new Error(`${error.code}: ${error.message}`));
    else answer?.resolve(result);
  }

  async #answer(id: unknown, name: string, params: unknown): Promise<void> {
    try {
      const method = findMethod(name, "plugin-to-host");
      if (!method) throw new RequestFailed("methodNotFound", `there is no method ${name}`);
      const invalid = findInvalidParam(method, params);
      if (invalid !== null || !isObject(params)) throw new RequestFailed("invalidParams", `wrong ${invalid}`);
      this.#write({ id, result: await this.#handlers.onRequest(name, params) });
    } catch (error) {
      const errorName = error instanceof RequestFailed ? error.errorName : "internalError";
      const code = errorCode(errorName);
      this.#write({ id, error: { code, message: String(error), data: { name: errorName } } });
    }
  }
}

/** @throws Error when the document does not allow this message */
function checkOutgoing(name: string, params: object): void {
  const method = findMethod(name, "host-to-plugin");
  const invalid = method ? findInvalidParam(method, params) : "method";
  if (invalid !== null) throw new Error(`${name}: wrong ${invalid}`);
}
