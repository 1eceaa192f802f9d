// The HTTP API of a Goop² peer, for its page and for a bridge [5.2, 5.3, part of 5.1]. In browser mode, Goop² has no more than
// this.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Delivered, GoopNode } from "../goop-node.ts";
import { MqInbox } from "../wire/mq-inbox.ts";
import { IDENTITY_TOPIC, isRecord, MQ_ACK_TOPIC } from "../wire/wire.ts";
import { answerPage } from "./goop-page.ts";
import { HttpError, routes } from "./goop-routes.ts";

export interface GoopHttpOptions {
  /** 0 takes a free one. The port of a stopped server simulates a restart. */
  readonly port?: number;
  /** Goop² decides it by its platform: native on Linux. */
  readonly mode?: "native" | "browser";
  readonly platform?: string;
}

/** Values of `/api/settings/quick`. Goop² applies them at its next start [4.4]. */
export type QuickSettings = Record<string, string | boolean>;

export interface GoopHttp {
  readonly url: string;
  readonly port: number;
  readonly node: GoopNode;
  readonly inbox: MqInbox;
  readonly quick: QuickSettings;
  readonly mode: "native" | "browser";
  readonly platform: string;
  /** Every request as "METHOD path", in order. */
  readonly requests: readonly string[];
  /** Ends the server and every event stream. The node goes on. */
  stop(): Promise<void>;
}

/** Topics that Goop² hides from its page [5.2]. */
const SUPPRESSED = ["group.invite", "group:", "chat.room:", IDENTITY_TOPIC, MQ_ACK_TOPIC];

/** Listens on loopback. */
export async function startGoopHttp(node: GoopNode, options: GoopHttpOptions = {}): Promise<GoopHttp> {
  const inbox = new MqInbox();
  const requests: string[] = [];
  const mode = options.mode ?? "native";
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    answer(goop, request, response).catch((error: unknown) => refuse(response, error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  const unsubscribe = node.subscribe("", (delivered) => forward(inbox, delivered));
  const goop: GoopHttp = {
    url: `http://127.0.0.1:${port}`,
    port,
    node,
    inbox,
    requests,
    mode,
    quick: { label: node.label, preferred_cam: "", preferred_mic: "", video_disabled: false },
    platform: options.platform ?? (mode === "native" ? "linux" : "windows"),
    async stop() {
      unsubscribe();
      inbox.drop();
      await stopServer(server);
    },
  };
  return goop;
}

function forward(inbox: MqInbox, delivered: Delivered): void {
  const { topic, payload } = delivered;
  if (topic === MQ_ACK_TOPIC && isRecord(payload)) inbox.pushDelivered(String(payload.msg_id));
  if (!SUPPRESSED.some((prefix) => topic.startsWith(prefix))) inbox.push(delivered);
}

async function answer(goop: GoopHttp, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? "/", goop.url);
  if (pathname === "/api/mq/events") {
    if (request.method !== "GET") throw new HttpError(405, "method not allowed");
    goop.inbox.listen(response);
    return;
  }
  const route = routes[pathname];
  if (!route) {
    if (await answerPage(goop.url, pathname, response)) return;
    throw new HttpError(404, "404 page not found");
  }
  if (request.method !== route.method) throw new HttpError(405, "method not allowed");
  const result = await route.answer(goop, route.method === "POST" ? await readBody(request) : {});
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(result));
}

/** Errors are plain text, as in Go. */
function refuse(response: ServerResponse, error: unknown): void {
  const status = error instanceof HttpError ? error.status : 500;
  if (!response.headersSent) response.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
  response.end(`${error instanceof Error ? error.message : String(error)}\n`);
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk;
  try {
    const body: unknown = JSON.parse(text);
    if (isRecord(body)) return body;
  } catch (error) {
    throw new HttpError(400, `invalid json: ${error instanceof Error ? error.message : error}`);
  }
  throw new HttpError(400, "invalid json: expected an object");
}

async function stopServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
