// What the servers of pages on loopback have in common: listed files under a strict policy, and who may open a page's
// WebSocket. Knows neither which pages there are nor what is said over the socket.

import type { IncomingMessage, ServerResponse } from "node:http";
import { isOwnHost, isSameToken, LOOPBACK } from "./loopback.ts";
import { PAGE_PROTOCOL, TOKEN_PROTOCOL_PREFIX } from "./page-messages.ts";

/** `type` is the whole Content-Type, charset included. */
export interface PageFile {
  readonly body: Buffer;
  readonly type: string;
}

/** A file is served by its path alone; whatever is not listed does not exist. @param files URL path → file */
export function serveFile(
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

/** As {@link serveFile}, of files that are read when the first is asked for: most sessions never look at them. */
export function createFileHandler(
  load: () => Promise<ReadonlyMap<string, PageFile>>,
): (request: IncomingMessage, response: ServerResponse) => void {
  let loaded: Promise<ReadonlyMap<string, PageFile>> | undefined;
  return (request, response) => {
    loaded ??= load();
    loaded.then(
      (files) => serveFile(request, response, files),
      (error: unknown) => {
        loaded = undefined; // the next request tries again
        response.writeHead(500, { "Content-Type": "text/plain; charset=utf-8" });
        response.end(`the page cannot be read: ${String(error)}\n`);
      },
    );
  };
}

/**
 * The token travels as a subprotocol, since a page can set no header of a WebSocket (RFC 6455, 1.9).
 * @returns why a page's WebSocket may not open, as an HTTP status; undefined when it may
 */
export function pageLinkRefusal(request: IncomingMessage, path: string, token: string): string | undefined {
  if (request.url !== path) return "404 Not Found";
  if (!isOwnHost(request)) return "403 Forbidden";
  if (request.headers.origin !== `http://${request.headers.host}`) return "403 Forbidden";
  const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
  const given = offered.find((name) => name.startsWith(TOKEN_PROTOCOL_PREFIX)) ?? "";
  const isKnown =
    offered.includes(PAGE_PROTOCOL) && isSameToken(given.slice(TOKEN_PROTOCOL_PREFIX.length), token);
  return isKnown ? undefined : "401 Unauthorized";
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
    // Pictures come as data URLs, as blobs of what a socket brought, or from the plugin's own port on loopback.
    `img-src 'self' data: blob: http://${LOOPBACK}:*`,
    // WebKit does not count WebSockets as 'self'.
    `connect-src 'self' ws://${host} ws://${LOOPBACK}:*`,
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
