// The plugin's inspection server. It listens on loopback only, requires a token, and checks Host and Origin. It serves the page of
// the chart viewer and two WebSockets, one for that page and one for the tools of the Stately inspector.

import { createServer, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { TurnedAway } from "../common/refusals.ts";
import { ConnectionGuard } from "../http/connection-guard.ts";
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
import { type Inspectable, serveChartViewer, serveStately } from "./inspection-clients.ts";
import { loadViewerFiles, VIEWER_PATH } from "./viewer-files.ts";

const STATELY_PATH = "/stately";
/** A request has a method and at most one parameter. */
const MAX_REQUEST_BYTES = 4 * 1024;
/** A few chart viewers, each with a few connections for its files. */
const MAX_CONNECTIONS = 64;

export interface InspectionServer {
  /** Address for a browser. The token is in the fragment, which a browser never sends. */
  readonly pageUrl: string;
  /** Address for a client of the Stately inspector, which has no other way to pass the token. */
  readonly statelyUrl: string;
  turnedAway(): TurnedAway;
  /** Disconnects every client. */
  close(): Promise<void>;
}

/** @throws Error when no port can be opened */
export async function startInspectionServer(inspectable: Inspectable): Promise<InspectionServer> {
  const token = makeToken();
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_REQUEST_BYTES,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(PAGE_PROTOCOL) ? PAGE_PROTOCOL : false),
  });
  const server = createServer(createFileHandler(loadViewerFiles, () => guard));
  const guard = new ConnectionGuard(server, MAX_CONNECTIONS);
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const isStately = request.url?.split("?", 1)[0] === STATELY_PATH;
    const why = isStately ? statelyRefusal(request, token) : pageLinkRefusal(request, LINK_PATH, token);
    if (why !== undefined || !guard.serve(socket)) {
      guard.refuse();
      refuseUpgrade(socket, why ?? "503 Service Unavailable");
      return;
    }
    const serve = isStately ? serveStately : serveChartViewer;
    sockets.handleUpgrade(request, socket, head, (accepted: WebSocket) => serve(accepted, inspectable));
  });
  const port = await listenOnLoopback(server, 0);
  return {
    pageUrl: `http://${LOOPBACK}:${port}${VIEWER_PATH}#token=${token}`,
    statelyUrl: `ws://${LOOPBACK}:${port}${STATELY_PATH}?token=${token}`,
    turnedAway: () => guard.counts,
    async close() {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      await closeServer(server);
    },
  };
}

/** A client is a program, which sends no origin, or a page that a tool serves on this machine. */
function statelyRefusal(request: IncomingMessage, token: string): string | undefined {
  if (!isOwnHost(request)) return "403 Forbidden";
  const { origin } = request.headers;
  if (origin !== undefined && !/^http:\/\/(127\.0\.0\.1|localhost)(:\d+)?$/.test(origin))
    return "403 Forbidden";
  const given = new URL(request.url ?? "/", "ws://plugin").searchParams.get("token") ?? "";
  return isSameToken(given, token) ? undefined : "401 Unauthorized";
}
