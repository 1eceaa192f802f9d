// An executable file that a host starts as its plugin, while a test acts as the plugin: it reads the host's messages and writes
// answers. The host owns the processes; a test may kill one.

import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { commonVersion, methods, PLUGIN_CAPABILITIES, settingsSchema } from "../../../rpc-schema/index.ts";
import { readLines } from "../../rpc/line-reader.ts";
import { AwaitableQueue } from "./awaitable-queue.ts";

export interface Message {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly data?: { readonly name?: string } };
}

export interface FakePluginExecutable {
  /** An executable without arguments. */
  readonly path: string;
  /** Resolves with the next process that a host starts. */
  nextProcess(): Promise<FakePluginProcess>;
  close(): Promise<void>;
}

/** @param waitMs how long each wait for the host may take */
export async function createFakePluginExecutable(waitMs?: number): Promise<FakePluginExecutable> {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const folder = await mkdtemp(join(tmpdir(), "fake-plugin-"));
  const [path, socketPath] = [join(folder, "plugin"), join(folder, "socket")];
  const program = fileURLToPath(new URL(`./piped-plugin.${extension}`, import.meta.url));
  await writeFile(path, `#!/bin/sh\nexec "${process.execPath}" "${program}" "${socketPath}"\n`);
  await chmod(path, 0o755);
  const sockets = new AwaitableQueue<Socket>(waitMs);
  const connected = new Set<Socket>();
  let isClosing = false;
  const server = createServer((socket) => {
    if (isClosing) endProcess(socket);
    connected.add(socket);
    sockets.add(socket);
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  return {
    path,
    async nextProcess() {
      return new FakePluginProcess(await sockets.take(() => true, "a plugin process"), waitMs);
    },
    async close() {
      isClosing = true;
      // The end of its socket ends the process. A host may have started more of them than the test has looked at.
      for (const socket of connected) endProcess(socket);
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
  readonly #received: AwaitableQueue<Message>;
  #pid: number | undefined;

  constructor(socket: Socket, waitMs?: number) {
    this.#socket = socket;
    this.#received = new AwaitableQueue(waitMs);
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
    const offer = methods.initialize.params.safeParse(params);
    const protocolVersion = offer.success ? (commonVersion(offer.data) ?? 1) : 1;
    const capabilities = protocolVersion === 1 ? {} : { capabilities: PLUGIN_CAPABILITIES };
    const settings = settingsSchema.parse({});
    const plugin = { name: "fake-plugin", version: "0" };
    this.write({ id, result: { protocolVersion, ...capabilities, plugin, mode: "native", settings } });
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

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

/** Also of a process whose messages nobody has read: its socket closes only after they were read. */
function endProcess(socket: Socket): void {
  socket.resume();
  socket.end();
}
