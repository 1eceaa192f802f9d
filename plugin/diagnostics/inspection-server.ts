// The plugin's own server for those who watch its charts: loopback only, a token for each session, Host and Origin
// checked. Serves the viewer's page and two WebSockets, one for it and one for the Stately inspector's tools.

import { createServer, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import {
  closeServer,
  isOwnHost,
  isSameToken,
  LOOPBACK,
  listenOnLoopback,
  makeToken,
  refuseUpgrade,
} from "../http/loopback.ts";
import { LINK_PATH, PAGE_PROTOCOL } from "../http/page-messages.ts";
import { createFileHandler, pageLinkRefusal } from "../http/pages.ts";
import { type Inspectable, serveStately, serveViewer } from "./inspection-clients.ts";
import { loadViewerFiles, VIEWER_PATH } from "./viewer-files.ts";

const STATELY_PATH = "/stately";
/** A request has a name and at most one parameter. */
const MAX_REQUEST_BYTES = 4 * 1024;
/** A few viewers, each with a few connections for its files. */
const MAX_CONNECTIONS = 64;

export interface InspectionServer {
  /** What a browser opens. The token stands in the fragment, which is never sent. */
  readonly pageUrl: string;
  /** What a receiver of the Stately inspector connects to; it can name the token nowhere else. */
  readonly statelyUrl: string;
  /** Ends every watcher. */
  close(): Promise<void>;
}

/** @throws Error when no port can be opened */
export async function startInspectionServer(watched: Inspectable): Promise<InspectionServer> {
  const token = makeToken();
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_REQUEST_BYTES,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(PAGE_PROTOCOL) ? PAGE_PROTOCOL : false),
  });
  const server = createServer(createFileHandler(loadViewerFiles));
  server.maxConnections = MAX_CONNECTIONS;
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const isStately = request.url?.split("?", 1)[0] === STATELY_PATH;
    const why = isStately ? statelyRefusal(request, token) : pageLinkRefusal(request, LINK_PATH, token);
    if (why) return refuseUpgrade(socket, why);
    const serve = isStately ? serveStately : serveViewer;
    sockets.handleUpgrade(request, socket, head, (accepted: WebSocket) => serve(accepted, watched));
  });
  const port = await listenOnLoopback(server, 0);
  return {
    pageUrl: `http://${LOOPBACK}:${port}${VIEWER_PATH}#token=${token}`,
    statelyUrl: `ws://${LOOPBACK}:${port}${STATELY_PATH}?token=${token}`,
    async close() {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      await closeServer(server);
    },
  };
}

/** A receiver is a program, which names no origin, or a page that a tool serves on this machine. */
function statelyRefusal(request: IncomingMessage, token: string): string | undefined {
  if (!isOwnHost(request)) return "403 Forbidden";
  const { origin } = request.headers;
  if (origin !== undefined && !/^http:\/\/(127\.0\.0\.1|localhost)(:\d+)?$/.test(origin))
    return "403 Forbidden";
  const given = new URL(request.url ?? "/", "ws://plugin").searchParams.get("token") ?? "";
  return isSameToken(given, token) ? undefined : "401 Unauthorized";
}
