// JSON-RPC 2.0 with one plugin process, a message a line, both ways. Checks by the document what it sends, and what it is
// asked; knows nothing of calls.

import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { errorCode, findMethod, isObject, wrongParam } from "./document.ts";

export class Refusal extends Error {
  readonly kind: string;

  /** @param kind an error's name in the document */
  constructor(kind: string, message: string) {
    super(message);
    this.kind = kind;
  }
}

export type Serve = (method: string, params: Record<string, unknown>) => Promise<unknown>;
type Notified = (method: string, params: Record<string, unknown>) => void;

export class Connection {
  /** Resolves when the process is gone; what it asked before has been read. */
  readonly gone: Promise<void>;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #serve: Serve;
  readonly #notified: Notified;
  readonly #open = new Map<number, PromiseWithResolvers<unknown>>();
  #lastId = 0;
  #rest = Buffer.alloc(0);

  constructor(command: readonly string[], serve: Serve, notified: Notified) {
    const [program = "", ...args] = command;
    this.#serve = serve;
    this.#notified = notified;
    this.#child = spawn(program, args, { stdio: ["pipe", "pipe", "ignore"] });
    this.#child.stdin.on("error", () => undefined); // a plugin that died reads no more; `gone` says so
    this.#child.stdout.on("data", (chunk: Buffer) => this.#read(chunk));
    this.gone = new Promise((resolve) => {
      this.#child.once("error", () => resolve());
      this.#child.once("close", () => resolve());
    });
    void this.gone.then(() => {
      for (const { reject } of this.#open.values()) reject(new Error("the plugin is gone"));
    });
  }

  request(method: string, params: object): Promise<unknown> {
    const known = findMethod(method, "host-to-plugin", "request");
    const wrong = known ? wrongParam(known, params) : "method";
    if (wrong !== null) return Promise.reject(new Error(`${method}: ${wrong} is not as the document has it`));
    const id = ++this.#lastId;
    const answer = Promise.withResolvers<unknown>();
    this.#open.set(id, answer);
    this.#write({ id, method, params });
    return answer.promise;
  }

  notify(method: string, params: object): void {
    const known = findMethod(method, "host-to-plugin", "notification");
    const wrong = known ? wrongParam(known, params) : "method";
    if (wrong !== null) throw new Error(`${method}: ${wrong} is not as the document has it`);
    this.#write({ method, params });
  }

  endInput(): void {
    this.#child.stdin.end();
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  #write(message: object): void {
    if (this.#child.stdin.writable) {
      this.#child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
    }
  }

  #read(chunk: Buffer): void {
    const bytes = Buffer.concat([this.#rest, chunk]);
    const end = bytes.lastIndexOf("\n");
    this.#rest = bytes.subarray(end + 1);
    if (end < 0) return;
    for (const line of bytes.subarray(0, end).toString().split("\n")) this.#line(line);
  }

  #line(line: string): void {
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      return; // noise of a library
    }
    if (!isObject(message)) return;
    const { id, method, params = {} } = message;
    if (typeof method === "string" && id !== undefined) void this.#asked(id, method, params);
    else if (typeof method === "string" && isObject(params)) this.#notified(method, params);
    else if (typeof id === "number") this.#answered(id, message);
  }

  #answered(id: number, { result, error }: Record<string, unknown>): void {
    const answer = this.#open.get(id);
    this.#open.delete(id);
    if (isObject(error)) answer?.reject(new Error(`${error.code}: ${error.message}`));
    else answer?.resolve(result);
  }

  async #asked(id: unknown, name: string, params: unknown): Promise<void> {
    try {
      const method = findMethod(name, "plugin-to-host", "request");
      if (!method) throw new Refusal("methodNotFound", `there is no method ${name}`);
      const wrong = wrongParam(method, params);
      if (wrong !== null || !isObject(params)) throw new Refusal("invalidParams", `${wrong} is wrong`);
      this.#write({ id, result: await this.#serve(name, params) });
    } catch (error) {
      const kind = error instanceof Refusal ? error.kind : "internalError";
      const code = errorCode(kind);
      this.#write({ id, error: { code, message: String(error), data: { name: kind } } });
    }
  }
}
