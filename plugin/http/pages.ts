// Serves pages on loopback: a fixed set of files under a strict content security policy, and the check of a page's WebSocket
// request.

import type { IncomingMessage, ServerResponse } from "node:http";
import { failureText } from "../common/system-failure.ts";
import type { ConnectionGuard } from "./connection-guard.ts";
import { isOwnHost, isSameToken, LOOPBACK } from "./loopback.ts";
import { PAGE_PROTOCOL, TOKEN_PROTOCOL_PREFIX } from "./page-messages.ts";

/** `type` is the whole Content-Type, with its charset. */
export interface PageFile {
  readonly body: Buffer;
  readonly type: string;
}

/** The part of a server's guard that counts. */
type RefusalCounter = Pick<ConnectionGuard, "refuse">;

/**
 * Serves only the given files. The query of the URL is ignored.
 * @param files URL path → file
 * @param guard counts refused requests
 */
export function serveFile(
  request: IncomingMessage,
  response: ServerResponse,
  files: ReadonlyMap<string, PageFile>,
  guard: RefusalCounter,
): void {
  const refusedStatus = refusalStatus(request);
  if (refusedStatus !== undefined) guard.refuse();
  const file = files.get((request.url ?? "").split("?", 1)[0] ?? "");
  if (refusedStatus !== undefined || !file) {
    response.writeHead(refusedStatus ?? 404).end();
    return;
  }
  response.writeHead(200, { "Content-Type": file.type, ...securityHeaders(request.headers.host ?? "") });
  response.end(request.method === "HEAD" ? undefined : file.body);
}

/** Like {@link serveFile}, but reads the files at the first request, because most sessions never need them. */
export function createFileHandler(
  load: () => Promise<ReadonlyMap<string, PageFile>>,
  guard: () => RefusalCounter,
): (request: IncomingMessage, response: ServerResponse) => void {
  let loaded: Promise<ReadonlyMap<string, PageFile>> | undefined;
  return (request, response) => {
    loaded ??= load();
    loaded.then(
      (files) => serveFile(request, response, files, guard()),
      (error: unknown) => {
        loaded = undefined; // The next request tries again.
        response.writeHead(500, { "Content-Type": "text/plain; charset=utf-8" });
        response.end(`the page cannot be read: ${failureText(error)}\n`);
      },
    );
  };
}

/**
 * Checks path, Host, Origin and token of a page's WebSocket request. The token arrives as a subprotocol, because a page
 * cannot set headers of a WebSocket (RFC 6455, 1.9).
 * @returns the HTTP status of a refusal; undefined when the WebSocket may open
 */
export function pageLinkRefusal(request: IncomingMessage, path: string, token: string): string | undefined {
  if (request.url !== path) return "404 Not Found";
  if (!isOwnHost(request)) return "403 Forbidden";
  if (request.headers.origin !== `http://${request.headers.host}`) return "403 Forbidden";
  const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
  const given = offered.find((name) => name.startsWith(TOKEN_PROTOCOL_PREFIX)) ?? "";
  const isAuthorized =
    offered.includes(PAGE_PROTOCOL) && isSameToken(given.slice(TOKEN_PROTOCOL_PREFIX.length), token);
  return isAuthorized ? undefined : "401 Unauthorized";
}

function refusalStatus(request: IncomingMessage): number | undefined {
  if (!isOwnHost(request)) return 403;
  return request.method === "GET" || request.method === "HEAD" ? undefined : 405;
}

function securityHeaders(host: string): Record<string, string> {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    // Frames arrive as data URLs, as blobs made from WebSocket messages, or from the plugin's port on loopback.
    `img-src 'self' data: blob: http://${LOOPBACK}:*`,
    // In WebKit, 'self' does not include WebSockets.
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
