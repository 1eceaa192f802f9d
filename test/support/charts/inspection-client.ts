// A client of a plugin's inspection server, without a page.

import { once } from "node:events";
import { type ClientOptions, WebSocket } from "ws";
import type { ChartLogEntry } from "../../../rpc-schema/index.ts";
import { HANG_LIMIT_MS } from "../process/hang-limit.ts";

interface Answer {
  readonly result?: unknown;
  readonly error?: {
    readonly code: number;
    readonly message: string;
    readonly data?: { readonly name: string };
  };
}

export interface InspectionClient {
  /** All entries so far. */
  readonly entries: readonly ChartLogEntry[];
  ask(method: string, params?: object): Promise<Answer>;
  sendRaw(text: string): Promise<Answer>;
  /** Resolves when the entries so far match; checked at each batch. Rejects after a timeout. */
  until(fits: (entries: readonly ChartLogEntry[]) => boolean): Promise<void>;
  readonly closed: Promise<unknown>;
  end(): Promise<void>;
}

/** @returns "open", or the HTTP status of the refusal */
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

/** @returns the address and the token of a page's WebSocket, from the page's address */
export function linkOf(pageUrl: string): { url: string; origin: string; protocols: string[] } {
  const { host, origin, hash } = new URL(pageUrl);
  const token = new URLSearchParams(hash.slice(1)).get("token") ?? "";
  return { url: `ws://${host}/link`, origin, protocols: ["goop-call.v1", `token.${token}`] };
}

/** Connects as the page of the chart viewer does. @throws Error if the connection is refused */
export async function openInspectionClient(pageUrl: string): Promise<InspectionClient> {
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
      const timer = setTimeout(
        () => reject(new Error(`none of ${entries.length} entries matched`)),
        HANG_LIMIT_MS,
      );
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
