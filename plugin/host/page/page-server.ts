// Serves the call page on loopback. A WebSocket or an API request needs the right token, Host and Origin.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type WebSocket, WebSocketServer } from "ws";
import type { TurnedAway } from "../../common/refusals.ts";
import { isViewerPath, loadViewerFiles } from "../../diagnostics/viewer-files.ts";
import { ConnectionGuard } from "../../http/connection-guard.ts";
import {
  closeServer,
  isOwnHost,
  isSameToken,
  LOOPBACK,
  listenOnLoopback,
  makeToken,
  refuseUpgrade,
} from "../../http/loopback.ts";
import { LINK_PATH, PAGE_PROTOCOL } from "../../http/page-messages.ts";
import { createFileHandler, type PageFile, pageLinkRefusal, serveFile } from "../../http/pages.ts";
import { loadPageFiles } from "./page-files.ts";

/** The largest request of a page is a settings change. */
const MAX_REQUEST_BYTES = 64 * 1024;
/** Some pages of the user, each with a few connections for its files. */
const MAX_CONNECTIONS = 128;

export interface PageServer {
  readonly port: number;
  readonly token: string;
  /** The address to open in a browser. The token is in the fragment, which browsers never send. */
  readonly url: string;
  turnedAway(): TurnedAway;
  /** Also closes the sockets of open pages. */
  close(): Promise<void>;
}

export interface PageServerOptions {
  /** Further pages of the host: URL path → file. */
  readonly files?: ReadonlyMap<string, PageFile> | undefined;
  /** Answers requests below `prefix` that carry the session's token. */
  readonly api?:
    | { readonly prefix: string; answer(request: IncomingMessage, response: ServerResponse): void }
    | undefined;
}

/** @param port 0 takes a free one. @throws with EADDRINUSE when it is taken */
export async function startPageServer(
  port: number,
  onPage: (socket: WebSocket) => void,
  { files, api }: PageServerOptions = {},
): Promise<PageServer> {
  const all = new Map([...(await loadPageFiles()), ...(files ?? [])]);
  const answerChartViewer = createFileHandler(loadViewerFiles, () => guard);
  const token = makeToken();
  const server = createServer((request, response) => {
    if (api && request.url?.startsWith(api.prefix))
      answerApi(request, response, { token, guard, next: api.answer });
    else if (isViewerPath(request.url ?? "")) answerChartViewer(request, response);
    else serveFile(request, response, all, guard);
  });
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_REQUEST_BYTES,
    perMessageDeflate: false,
    handleProtocols: () => PAGE_PROTOCOL,
  });
  const guard = new ConnectionGuard(server, MAX_CONNECTIONS);
  server.on("upgrade", (request, socket, head) => {
    const why = pageLinkRefusal(request, LINK_PATH, token);
    if (why === undefined && guard.serve(socket)) {
      sockets.handleUpgrade(request, socket, head, onPage);
      return;
    }
    guard.refuse();
    refuseUpgrade(socket, why ?? "503 Service Unavailable");
  });
  const bound = await listenOnLoopback(server, port);
  const url = `http://${LOOPBACK}:${bound}/#token=${token}`;
  return {
    port: bound,
    token,
    url,
    turnedAway: () => guard.counts,
    close: () => close(server, sockets),
  };
}

async function close(server: Server, sockets: WebSocketServer): Promise<void> {
  for (const socket of sockets.clients) socket.terminate();
  sockets.close();
  await closeServer(server);
}

interface ApiAccess {
  readonly token: string;
  readonly guard: ConnectionGuard;
  next(request: IncomingMessage, response: ServerResponse): void;
}

/**
 * The origin alone is not enough. The request needs the token, as `Authorization: Bearer …`, or as `?token=…` where an
 * element fetches and cannot set a header.
 */
function answerApi(
  request: IncomingMessage,
  response: ServerResponse,
  { token, guard, next }: ApiAccess,
): void {
  const refuse = (status: number, why: string): void => {
    guard.refuse();
    response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8" }).end(`${why}\n`);
  };
  if (!isOwnHost(request)) refuse(403, "this server answers only to its own address");
  else if (!isOwnPage(request)) refuse(403, "only the host's own pages may send requests");
  else if (!isSameToken(tokenOf(request), token)) refuse(401, "the session's token is missing or wrong");
  else if (!guard.serve(request.socket)) refuse(503, "too many connections");
  else next(request, response);
}

/** Browsers name the page that sends a request. Other programs do not, and need only the token. */
function isOwnPage({ headers }: IncomingMessage): boolean {
  const site = headers["sec-fetch-site"];
  if (headers.origin !== undefined && headers.origin !== `http://${headers.host}`) return false;
  return site === undefined || site === "same-origin";
}

function tokenOf({ headers, url }: IncomingMessage): string {
  const bearer = /^Bearer ([\w-]+)$/.exec(headers.authorization ?? "")?.[1];
  return bearer ?? new URL(url ?? "/", "http://host").searchParams.get("token") ?? "";
}
