// A plugin process whose messages, in both directions, go into a corpus.

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { readLines } from "../../../plugin/rpc/line-reader.ts";
import { isRecord } from "../../../rpc-schema/is-record.ts";
import { HANG_LIMIT_MS } from "../../support/process/hang-limit.ts";
import type { Corpus } from "./corpus.ts";

export type Message = Record<string, unknown>;
type Serve = (params: Message) => Promise<unknown>;

export class RecordedPlugin {
  readonly exited: Promise<unknown>;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #corpus: Corpus;
  readonly #received: Message[] = [];
  readonly #methods = new Map<unknown, string>();
  readonly #served = new Map<unknown, Serve>();
  readonly #checks = new Set<() => void>();
  #lastId = 0;

  constructor(program: string, corpus: Corpus) {
    this.#corpus = corpus;
    this.#child = spawn(process.execPath, [program], { stdio: ["pipe", "pipe", "ignore"] });
    this.exited = once(this.#child, "exit");
    readLines(this.#child.stdout, {
      onLine: (line) => this.#receive(JSON.parse(line.toString())),
      onTooLong: () => undefined,
      onEnd: () => undefined,
    });
  }

  /** @throws Error when the plugin refuses */
  async request(method: string, params: object): Promise<Message> {
    const { result, error } = await this.#ask(method, params);
    if (error !== undefined) throw new Error(`${method}: ${JSON.stringify(error)}`);
    return isRecord(result) ? result : {};
  }

  /** Keeps the refusal, and leaves the request out, since no receiver has to accept it. */
  async refused(method: string, params: object): Promise<void> {
    const { error } = await this.#ask(method, params, false);
    if (error === undefined) throw new Error(`${method} was not refused`);
  }

  notify(method: string, params: object): void {
    const message = { jsonrpc: "2.0", method, params };
    this.#corpus.add({ from: "host", message });
    this.#write(message);
  }

  serve(method: string, serve: Serve): void {
    this.#served.set(method, serve);
  }

  /** The params of the first notification, past or to come, that fits. */
  async next(method: string, fits: (params: Message) => boolean = () => true): Promise<Message> {
    const { params } = await this.#find(
      (message) => message.method === method && isRecord(message.params) && fits(message.params),
      method,
    );
    return isRecord(params) ? params : {};
  }

  /** The params of the newest notification of this name. */
  last(method: string): Message {
    const params = this.#received.findLast((message) => message.method === method)?.params;
    return isRecord(params) ? params : {};
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  #ask(method: string, params: object, isKept = true): Promise<Message> {
    this.#lastId += 1;
    const id = this.#lastId;
    this.#methods.set(id, method);
    const message = { jsonrpc: "2.0", id, method, params };
    if (isKept) this.#corpus.add({ from: "host", message });
    this.#write(message);
    return this.#find((message) => message.id === id && message.method === undefined, `answer to ${method}`);
  }

  #answer(id: unknown, method: string, result: unknown): void {
    const message = { jsonrpc: "2.0", id, result };
    this.#corpus.add({ from: "host", answers: method, message });
    this.#write(message);
  }

  #write(message: Message): void {
    this.#child.stdin.write(`${JSON.stringify(message)}\n`);
  }

  #receive(message: Message): void {
    const { id, method, params } = message;
    const answers = method === undefined ? this.#methods.get(id) : undefined;
    this.#corpus.add({ from: "plugin", ...(answers === undefined ? {} : { answers }), message });
    this.#received.push(message);
    for (const check of [...this.#checks]) check();
    const serve = id === undefined ? undefined : this.#served.get(method);
    if (serve && isRecord(params)) {
      void serve(params).then((result) => this.#answer(id, String(method), result));
    }
  }

  #find(fits: (message: Message) => boolean, what: string): Promise<Message> {
    const { promise, resolve, reject } = Promise.withResolvers<Message>();
    const timer = setTimeout(() => reject(new Error(`no ${what} within ${HANG_LIMIT_MS} ms`)), HANG_LIMIT_MS);
    const check = () => {
      const found = this.#received.find(fits);
      if (found) resolve(found);
    };
    this.#checks.add(check);
    check();
    return promise.finally(() => {
      clearTimeout(timer);
      this.#checks.delete(check);
    });
  }
}
