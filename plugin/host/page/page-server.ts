// Serves the call page on loopback and lets only that page's own WebSocket in: the right token, Host and Origin.
// Knows nothing of what is said over the socket.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type WebSocket, WebSocketServer } from "ws";
import { isViewerPath, loadViewerFiles } from "../../diagnostics/viewer-files.ts";
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

/** Reachable on loopback only. */
export interface PageServer {
  readonly port: number;
  readonly token: string;
  /** What the browser opens. The token stands in the fragment, which is never sent. */
  readonly url: string;
  /** Ends open pages too. */
  close(): Promise<void>;
}

/** Beyond the call page itself. */
export interface PageServerOptions {
  /** Further pages of the host: URL path → file. */
  readonly files?: ReadonlyMap<string, PageFile> | undefined;
  /** Answers what lies beneath `prefix`, for those who show the session's token. */
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
  const answerViewer = createFileHandler(loadViewerFiles);
  const token = makeToken();
  const server = createServer((request, response) => {
    if (api && request.url?.startsWith(api.prefix)) answerApi(request, response, token, api.answer);
    else if (isViewerPath(request.url ?? "")) answerViewer(request, response);
    else serveFile(request, response, all);
  });
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_REQUEST_BYTES,
    perMessageDeflate: false,
    handleProtocols: () => PAGE_PROTOCOL,
  });
  server.on("upgrade", (request, socket, head) => {
    const why = pageLinkRefusal(request, LINK_PATH, token);
    if (why) refuseUpgrade(socket, why);
    else sockets.handleUpgrade(request, socket, head, onPage);
  });
  const bound = await listenOnLoopback(server, port);
  const url = `http://${LOOPBACK}:${bound}/#token=${token}`;
  return { port: bound, token, url, close: () => close(server, sockets) };
}

async function close(server: Server, sockets: WebSocketServer): Promise<void> {
  for (const socket of sockets.clients) socket.terminate();
  sockets.close();
  await closeServer(server);
}

/**
 * A page on this very origin is not enough: the token must be shown too, as `Authorization: Bearer …` or, where an element
 * fetches and no header can be set, as `?token=…`.
 */
function answerApi(
  request: IncomingMessage,
  response: ServerResponse,
  token: string,
  next: (request: IncomingMessage, response: ServerResponse) => void,
): void {
  const refuse = (status: number, why: string): void => {
    response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8" }).end(`${why}\n`);
  };
  if (!isOwnHost(request)) refuse(403, "this server answers to its own address only");
  else if (!isOwnPage(request)) refuse(403, "only the host's own pages may ask");
  else if (!isSameToken(shownToken(request), token)) refuse(401, "the session's token is missing or wrong");
  else next(request, response);
}

/** Where a browser says which page asks; other programs do not say. */
function isOwnPage({ headers }: IncomingMessage): boolean {
  const site = headers["sec-fetch-site"];
  if (headers.origin !== undefined && headers.origin !== `http://${headers.host}`) return false;
  return site === undefined || site === "same-origin";
}

function shownToken({ headers, url }: IncomingMessage): string {
  const bearer = /^Bearer ([\w-]+)$/.exec(headers.authorization ?? "")?.[1];
  return bearer ?? new URL(url ?? "/", "http://host").searchParams.get("token") ?? "";
}
