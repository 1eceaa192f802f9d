// An executable file that a host starts as its plugin, while a test acts as the plugin: it reads the host's messages and writes
// answers. The host owns the processes; a test may kill one.

import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readLines } from "../../../plugin/rpc/line-reader.ts";
import { settingsSchema } from "../../../rpc-schema/index.ts";

export interface Message {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly data?: { readonly name?: string } };
}

/** Far above any host that works. */
const WAIT_MS = 30_000;

export interface FakePluginExecutable {
  /** An executable without arguments. */
  readonly path: string;
  /** Resolves with the next process that a host starts. */
  nextProcess(): Promise<FakePluginProcess>;
  close(): Promise<void>;
}

export async function createFakePluginExecutable(): Promise<FakePluginExecutable> {
  const folder = await mkdtemp(join(tmpdir(), "fake-plugin-"));
  const [path, socketPath] = [join(folder, "plugin"), join(folder, "socket")];
  const program = fileURLToPath(new URL("./piped-plugin.ts", import.meta.url));
  await writeFile(path, `#!/bin/sh\nexec "${process.execPath}" "${program}" "${socketPath}"\n`);
  await chmod(path, 0o755);
  const sockets = new AwaitableQueue<Socket>();
  const server = createServer((socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const plugins: FakePluginProcess[] = [];
  return {
    path,
    async nextProcess() {
      const plugin = new FakePluginProcess(await sockets.take(() => true, "a plugin process"));
      plugins.push(plugin);
      return plugin;
    },
    async close() {
      for (const plugin of plugins) plugin.exit();
      await closeServer(server);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** One process, whose messages the test reads and writes. */
export class FakePluginProcess {
  /** Resolves when the host has closed the process's input, or the process has exited. */
  readonly inputEnded: Promise<void>;
  /** Resolves when the process has exited. */
  readonly exited: Promise<void>;
  readonly #socket: Socket;
  readonly #received = new AwaitableQueue<Message>();
  #pid: number | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    const [ended, exited] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    this.inputEnded = ended.promise;
    this.exited = exited.promise;
    socket.on("error", () => socket.destroy());
    readLines(socket, {
      onLine: (line) => {
        if (this.#pid === undefined) this.#pid = Number(line);
        else if (line.toString() === "input ended") ended.resolve();
        else this.#received.add(JSON.parse(line.toString()));
      },
      onTooLong: () => undefined,
      onEnd: () => {
        ended.resolve();
        exited.resolve();
      },
    });
  }

  /** Takes the first matching message, received already or later. */
  receive(fits: (message: Message) => boolean, what: string): Promise<Message> {
    return this.#received.take(fits, what);
  }

  request(method: string): Promise<Message> {
    return this.receive(
      (message) => message.method === method && message.id !== undefined,
      `request ${method}`,
    );
  }

  notification(method: string): Promise<Message> {
    return this.receive(
      (message) => message.method === method && message.id === undefined,
      `notification ${method}`,
    );
  }

  answer(id: number | string): Promise<Message> {
    return this.receive((message) => message.id === id && message.method === undefined, `an answer to ${id}`);
  }

  /** Messages that were not taken. */
  get unread(): readonly Message[] {
    return this.#received.waiting;
  }

  write(message: object): void {
    this.writeRaw(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  }

  writeRaw(bytes: string | Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Answers `initialize` and waits for `initialized`. @returns the params of initialize */
  async initialize(): Promise<Record<string, unknown>> {
    const { id, params = {} } = await this.request("initialize");
    const settings = settingsSchema.parse({});
    const plugin = { name: "fake-plugin", version: "0" };
    this.write({ id, result: { protocolVersion: 1, plugin, mode: "native", settings } });
    await this.notification("initialized");
    return params;
  }

  /** Asks the host to send. @returns the request's id */
  send(id: number | string, peerId: string, topic: string, payload: object): number | string {
    this.write({ id, method: "signal.send", params: { peerId, topic, payload } });
    return id;
  }

  /** Ends the process with status 0, without another message. */
  exit(): void {
    this.#socket.end();
  }

  async kill(): Promise<void> {
    if (this.#pid === undefined) throw new Error("the process id is not known yet");
    process.kill(this.#pid, "SIGKILL");
    await this.exited;
  }
}

/** A queue from which tests take matching items, waiting for them if necessary. */
export class AwaitableQueue<T> {
  #items: T[] = [];
  #waiting: { fits: (one: T) => boolean; resolve: (one: T) => void }[] = [];

  get waiting(): readonly T[] {
    return this.#items;
  }

  add(one: T): void {
    const waiter = this.#waiting.find(({ fits }) => fits(one));
    if (!waiter) return void this.#items.push(one);
    this.#waiting = this.#waiting.filter((other) => other !== waiter);
    waiter.resolve(one);
  }

  take(fits: (one: T) => boolean, what: string): Promise<T> {
    const found = this.#items.findIndex(fits);
    if (found >= 0) return Promise.resolve(this.#items.splice(found, 1)[0] as T);
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const waiter = { fits, resolve };
    this.#waiting.push(waiter);
    const timer = setTimeout(() => {
      reject(new Error(`${what} did not arrive; instead: ${JSON.stringify(this.#items.slice(0, 10))}`));
    }, WAIT_MS);
    return promise.finally(() => clearTimeout(timer));
  }
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
