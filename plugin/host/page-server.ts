// Serves the call page on loopback and lets only that page's own WebSocket in: the right token, Host and Origin.
// Knows nothing of what is said over the socket.

import { randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { LINK_PATH, PAGE_PROTOCOL, TOKEN_PROTOCOL_PREFIX } from "../ui/host-messages.ts";
import { loadPageFiles, type PageFile } from "./page-files.ts";

const LOOPBACK = "127.0.0.1";
/** 192 bits: beyond guessing, also for another user of this machine. */
const TOKEN_BYTES = 24;
/** The largest request of a page is a settings change. */
const MAX_REQUEST_BYTES = 64 * 1024;

/** Reachable on loopback only. */
export interface PageServer {
  readonly port: number;
  readonly token: string;
  /** What the browser opens. The token stands in the fragment, which is never sent. */
  readonly url: string;
  /** Ends open pages too. */
  close(): Promise<void>;
}

/** @param port 0 takes a free one. @throws with EADDRINUSE when it is taken */
export async function startPageServer(
  port: number,
  onPage: (socket: WebSocket) => void,
): Promise<PageServer> {
  const files = await loadPageFiles();
  const token = randomBytes(TOKEN_BYTES).toString("base64url");
  const server = createServer((request, response) => answer(request, response, files));
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_REQUEST_BYTES,
    perMessageDeflate: false,
    handleProtocols: () => PAGE_PROTOCOL,
  });
  server.on("upgrade", (request, socket, head) => {
    const why = refusal(request, token);
    if (why) refuse(socket, why);
    else sockets.handleUpgrade(request, socket, head, onPage);
  });
  await listen(server, port);
  const bound = portOf(server);
  const url = `http://${LOOPBACK}:${bound}/#token=${token}`;
  return { port: bound, token, url, close: () => close(server, sockets) };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, LOOPBACK, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === "string") throw new Error("the page server has no TCP port");
  return address.port;
}

async function close(server: Server, sockets: WebSocketServer): Promise<void> {
  for (const socket of sockets.clients) socket.terminate();
  sockets.close();
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  files: ReadonlyMap<string, PageFile>,
): void {
  const refusal = refusalOf(request);
  const file = files.get((request.url ?? "").split("?", 1)[0] ?? "");
  if (refusal !== undefined || !file) {
    response.writeHead(refusal ?? 404).end();
    return;
  }
  response.writeHead(200, { "Content-Type": file.type, ...safetyHeaders(request.headers.host ?? "") });
  response.end(request.method === "HEAD" ? undefined : file.body);
}

function refusalOf(request: IncomingMessage): number | undefined {
  if (!isOwnHost(request)) return 403;
  return request.method === "GET" || request.method === "HEAD" ? undefined : 405;
}

function safetyHeaders(host: string): Record<string, string> {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src data:",
    // WebKit does not count WebSockets as 'self'.
    `connect-src 'self' ws://${host}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
  return {
    "Content-Security-Policy": policy,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
  };
}

/** Another name for 127.0.0.1 in the Host header means that a foreign page rebound its own name to us. */
function isOwnHost({ headers, socket }: IncomingMessage): boolean {
  return (
    headers.host === `${LOOPBACK}:${socket.localPort}` || headers.host === `localhost:${socket.localPort}`
  );
}

/** Why a WebSocket may not open; undefined when it may. */
function refusal(request: IncomingMessage, token: string): string | undefined {
  if (request.url !== LINK_PATH) return "404 Not Found";
  if (!isOwnHost(request)) return "403 Forbidden";
  if (request.headers.origin !== `http://${request.headers.host}`) return "403 Forbidden";
  const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
  const given = offered.find((name) => name.startsWith(TOKEN_PROTOCOL_PREFIX)) ?? "";
  const isKnown = offered.includes(PAGE_PROTOCOL) && isSame(given.slice(TOKEN_PROTOCOL_PREFIX.length), token);
  return isKnown ? undefined : "401 Unauthorized";
}

/** In constant time, so that the token cannot be guessed letter by letter. */
function isSame(given: string, token: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(token)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function refuse(socket: Duplex, status: string): void {
  socket.on("error", () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
