// Somebody who watches a plugin's charts over its own server, without a page.

import { once } from "node:events";
import { type ClientOptions, WebSocket } from "ws";
import type { ChartLogEntry } from "../../../rpc-schema/index.ts";

interface Answer {
  readonly result?: unknown;
  readonly error?: {
    readonly code: number;
    readonly message: string;
    readonly data?: { readonly name: string };
  };
}

export interface WatchSocket {
  /** Everything recorded so far. */
  readonly entries: readonly ChartLogEntry[];
  ask(method: string, params?: object): Promise<Answer>;
  sendRaw(text: string): Promise<Answer>;
  /** Resolves when the entries so far fit; asked at each batch. Rejects when that takes too long. */
  until(fits: (entries: readonly ChartLogEntry[]) => boolean): Promise<void>;
  readonly closed: Promise<unknown>;
  end(): Promise<void>;
}

/** Far above anything but a stuck process. */
const WAIT_MS = 30_000;

/** "open", or the HTTP status of the refusal. */
export async function tryToOpen(
  url: string,
  protocols: readonly string[],
  options: ClientOptions = {},
): Promise<string | number> {
  const socket = new WebSocket(url, [...protocols], options);
  const result = await new Promise<string | number>((resolve) => {
    socket.on("open", () => resolve("open"));
    socket.on("unexpected-response", (_request, response) => resolve(response.statusCode ?? 0));
    socket.on("error", () => undefined);
  });
  socket.terminate();
  return result;
}

/** What a page's address says about its socket. */
export function linkOf(pageUrl: string): { url: string; origin: string; protocols: string[] } {
  const { host, origin, hash } = new URL(pageUrl);
  const token = new URLSearchParams(hash.slice(1)).get("token") ?? "";
  return { url: `ws://${host}/link`, origin, protocols: ["goop-call.v1", `token.${token}`] };
}

/** As the viewer's page connects. @throws when it is refused */
export async function openWatchSocket(pageUrl: string): Promise<WatchSocket> {
  const { url, origin, protocols } = linkOf(pageUrl);
  const socket = new WebSocket(url, protocols, { origin });
  const closed = once(socket, "close");
  const entries: ChartLogEntry[] = [];
  const answers = new Map<unknown, (answer: Answer) => void>();
  const waiting = new Set<() => void>();
  socket.on("message", (data) => {
    const message = JSON.parse(String(data));
    if (message.method === "charts.recorded") {
      entries.push(...message.params.entries);
      for (const check of [...waiting]) check();
    } else answers.get(message.id)?.(message);
  });
  await once(socket, "open");
  let nextId = 1;
  const answerTo = (id: unknown, text: string): Promise<Answer> => {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    answers.set(id, resolve);
    socket.send(text);
    return promise;
  };
  return {
    entries,
    closed,
    ask(method, params = {}) {
      const id = nextId++;
      return answerTo(id, JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    },
    sendRaw: (text) => answerTo(null, text),
    until(fits) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const timer = setTimeout(() => reject(new Error(`nothing fitted among ${entries.length}`)), WAIT_MS);
      const check = () => {
        if (!fits(entries)) return;
        clearTimeout(timer);
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
      return promise;
    },
    async end() {
      socket.close();
      await closed;
    },
  };
}
