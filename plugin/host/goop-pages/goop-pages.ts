// Serves the pages of a running Goop² through a reverse proxy on loopback. Goop²'s own buttons, dialogs and overlays then
// make calls through the plugin. The sites of peers are served at another port, because their scripts are not trusted.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { TurnedAway } from "../../common/refusals.ts";
import { ConnectionGuard } from "../../http/connection-guard.ts";
import { closeServer, LOOPBACK, listenOnLoopback, makeToken, refuseUpgrade } from "../../http/loopback.ts";
import { LINK_PATH, PAGE_PROTOCOL } from "../../http/page-messages.ts";
import { type PageFile, pageLinkRefusal, serveFile } from "../../http/pages.ts";
import { CALL_API_PREFIX } from "../goop-api/call-api.ts";
import { type AccessRules, isNavigation, isOwnOrigin, refusalOf } from "./access.ts";
import { type ForwardRoute, forward, sendText } from "./forward.ts";
import { forwardUpgrade } from "./forward-upgrade.ts";
import { loadScriptFiles, SCRIPT_PREFIX, startTag } from "./script-files.ts";

/** What the pages use of the reference host. */
export interface CallHost {
  addPage(socket: WebSocket): void;
  answerCallApi(request: IncomingMessage, response: ServerResponse): void;
}

export interface GoopPagesOptions {
  readonly goop: URL;
  /** 0 takes a free one. */
  readonly port: number;
}

export interface GoopPages {
  /** The address to open. Its token becomes a cookie at the first visit. */
  readonly url: string;
  /** The origin of Goop²'s pages. */
  readonly origin: string;
  /** The origin of the sites of peers. */
  readonly sitesOrigin: string;
  /** Connects the pages to the host. Until then, the pages load and calls are answered with 503. */
  attach(host: CallHost): void;
  /** By both servers. */
  turnedAway(): TurnedAway;
  /** Also closes the sockets of open pages. Idempotent. */
  close(): Promise<void>;
}

const ENTER_PATH = `${SCRIPT_PREFIX}enter`;
const PAGE_LINK_PATH = `/goop-call${LINK_PATH}`;
/** Goop² serves the sites of peers below this path. */
const SITES_PREFIX = "/p/";
/** The largest request of a page is a settings change. */
const MAX_REQUEST_BYTES = 64 * 1024;
/** Of each server. Half of them may serve: some tabs, each with an event stream, a socket, and a few for its files. */
const MAX_CONNECTIONS = 256;

/** @throws Error with code EADDRINUSE when the port is in use */
export async function startGoopPages(options: GoopPagesOptions): Promise<GoopPages> {
  const pages = new ProxiedPages(options.goop, await loadScriptFiles());
  try {
    await pages.listen(options.port);
    return pages;
  } catch (error) {
    await pages.close();
    throw error;
  }
}

class ProxiedPages implements GoopPages {
  readonly #goop: URL;
  readonly #files: ReadonlyMap<string, PageFile>;
  readonly #token = makeToken();
  /** Another one, because the scripts of a page can read it. */
  readonly #pageToken = makeToken();
  readonly #server: Server;
  readonly #guard: ConnectionGuard;
  readonly #sitesServer: Server;
  readonly #sitesGuard: ConnectionGuard;
  readonly #links = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_REQUEST_BYTES,
    perMessageDeflate: false,
    handleProtocols: () => PAGE_PROTOCOL,
  });
  /** Upgraded connections, which a server does not close. */
  readonly #sockets = new Set<Duplex>();
  #host: CallHost | undefined;
  #origin = "";
  #sitesOrigin = "";
  #cookieName = "";

  constructor(goop: URL, files: ReadonlyMap<string, PageFile>) {
    this.#goop = goop;
    this.#files = files;
    this.#server = createProxy(
      (request, response) => this.#answer(request, response),
      (request, socket, head) => this.#upgrade(request, socket, head),
    );
    this.#sitesServer = createProxy(
      (request, response) => this.#answerSite(request, response),
      (request, socket, head) => this.#upgradeSite(request, socket, head),
    );
    this.#guard = new ConnectionGuard(this.#server, MAX_CONNECTIONS);
    this.#sitesGuard = new ConnectionGuard(this.#sitesServer, MAX_CONNECTIONS);
  }

  get url(): string {
    return `${this.#origin}${ENTER_PATH}?token=${this.#token}`;
  }

  get origin(): string {
    return this.#origin;
  }

  get sitesOrigin(): string {
    return this.#sitesOrigin;
  }

  attach(host: CallHost): void {
    this.#host = host;
  }

  turnedAway(): TurnedAway {
    const [one, other] = [this.#guard.counts, this.#sitesGuard.counts];
    return { closed: one.closed + other.closed, refused: one.refused + other.refused };
  }

  async listen(port: number): Promise<void> {
    const bound = await listenOnLoopback(this.#server, port);
    this.#origin = `http://${LOOPBACK}:${bound}`;
    this.#cookieName = `goop-call-${bound}`;
    this.#sitesOrigin = `http://${LOOPBACK}:${await listenOnLoopback(this.#sitesServer, 0)}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#links.close();
    await Promise.all([this.#server, this.#sitesServer].map(closeServer));
  }

  #rules(isSite: boolean): AccessRules {
    return { cookieName: this.#cookieName, token: this.#token, isFramedByOthers: isSite };
  }

  #guardOf(isSite: boolean): ConnectionGuard {
    return isSite ? this.#sitesGuard : this.#guard;
  }

  /** Answers a request that may not pass. @returns whether it was refused */
  #refuse(request: IncomingMessage, response: ServerResponse, isSite: boolean): boolean {
    const guard = this.#guardOf(isSite);
    const refusal =
      refusalOf(request, this.#rules(isSite)) ?? (guard.serve(request.socket) ? undefined : TOO_MANY);
    if (!refusal) return false;
    guard.refuse();
    sendText(response, refusal.status, refusal.why);
    return true;
  }

  #route(ownOrigin: string): ForwardRoute {
    const isSite = ownOrigin === this.#sitesOrigin;
    const { host } = new URL(ownOrigin);
    return {
      goop: this.#goop,
      goopOrigins: originsOf(this.#goop),
      ownOrigin,
      cookieName: this.#cookieName,
      headStart: isSite ? undefined : startTag(this.#pageToken),
      policyNeeds: isSite
        ? // Goop² shows sites in a frame of its own page.
          { "frame-ancestors": [this.#origin] }
        : {
            "script-src": ["'self'"],
            "img-src": ["data:"],
            // In WebKit, 'self' does not include WebSockets.
            "connect-src": ["'self'", `ws://${host}`],
          },
    };
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const [path = "", query = ""] = (request.url ?? "").split("?", 2);
    if (path === ENTER_PATH) this.#enter(request, response, query);
    else if (this.#refuse(request, response, false)) return;
    else if (path.startsWith(CALL_API_PREFIX)) this.#answerCallApi(request, response);
    else if (path.startsWith(SCRIPT_PREFIX)) serveFile(request, response, this.#files, this.#guard);
    else if (path.startsWith(SITES_PREFIX)) redirect(request, response, this.#sitesOrigin);
    else void forward(request, response, this.#route(this.#origin));
  }

  /** The token leaves the address at once, so that it is in no history and no Referer header. */
  #enter(request: IncomingMessage, response: ServerResponse, query: string): void {
    const given = new URLSearchParams(query).get("token") ?? "";
    // The cookie is not there yet, so it cannot be checked.
    const cookie = `${this.#cookieName}=${given}`;
    request.headers.cookie = cookie;
    if (this.#refuse(request, response, false)) return;
    response.writeHead(303, {
      Location: "/",
      "Set-Cookie": `${cookie}; Path=/; HttpOnly; SameSite=Strict`,
      "Referrer-Policy": "no-referrer",
      "Cache-Control": "no-store",
    });
    response.end();
  }

  #answerCallApi(request: IncomingMessage, response: ServerResponse): void {
    if (this.#host) this.#host.answerCallApi(request, response);
    else sendText(response, 503, "the call plugin is starting");
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const host = this.#host;
    if (!this.#mayUpgrade(request, socket, false)) return;
    if (request.url?.startsWith(CALL_API_PREFIX)) refuseUpgrade(socket, "501 Not Implemented");
    else if (request.url !== PAGE_LINK_PATH) {
      forwardUpgrade(request, socket, head, this.#route(this.#origin));
    } else {
      const why = host
        ? pageLinkRefusal(request, PAGE_LINK_PATH, this.#pageToken)
        : "503 Service Unavailable";
      if (why !== undefined) this.#refuseUpgrade(socket, why, false);
      else this.#links.handleUpgrade(request, socket, head, (link) => host?.addPage(link));
    }
  }

  #answerSite(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? "";
    if (this.#refuse(request, response, true)) return;
    if (isCallPath(path)) sendText(response, 404, "sites have no calls");
    // A link from a site to a page of Goop², which would make calls without the plugin here.
    else if (!path.startsWith(SITES_PREFIX) && isNavigation(request)) {
      redirect(request, response, this.#origin);
    } else void forward(request, response, this.#route(this.#sitesOrigin));
  }

  #upgradeSite(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (!this.#mayUpgrade(request, socket, true)) return;
    if (isCallPath(request.url ?? "")) refuseUpgrade(socket, "404 Not Found");
    else forwardUpgrade(request, socket, head, this.#route(this.#sitesOrigin));
  }

  #mayUpgrade(request: IncomingMessage, socket: Duplex, isSite: boolean): boolean {
    const refusal = refusalOf(request, this.#rules(isSite));
    const isWebSocket = request.headers.upgrade?.toLowerCase() === "websocket";
    if (refusal) this.#refuseUpgrade(socket, `${refusal.status} Refused`, isSite);
    else if (!isOwnOrigin(request)) this.#refuseUpgrade(socket, "403 Forbidden", isSite);
    else if (!isWebSocket) this.#refuseUpgrade(socket, "400 Bad Request", isSite);
    else if (!this.#guardOf(isSite).serve(socket))
      this.#refuseUpgrade(socket, "503 Service Unavailable", isSite);
    else {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
      return true;
    }
    return false;
  }

  #refuseUpgrade(socket: Duplex, status: string, isSite: boolean): void {
    this.#guardOf(isSite).refuse();
    refuseUpgrade(socket, status);
  }
}

const TOO_MANY = { status: 503, why: "too many connections" } as const;

type AnswerRequest = (request: IncomingMessage, response: ServerResponse) => void;
type AnswerUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

function createProxy(answer: AnswerRequest, upgrade: AnswerUpgrade): Server {
  // An upload may take any time.
  return createServer({ requestTimeout: 0 }, answer).on("upgrade", upgrade);
}

/** To the same path of the other server. The path begins with one of our own prefixes or with a slash. */
function redirect({ url = "/", method }: IncomingMessage, response: ServerResponse, origin: string): void {
  if (method !== "GET" && method !== "HEAD") sendText(response, 405, "method not allowed");
  else response.writeHead(302, { Location: origin + url, "Cache-Control": "no-store" }).end();
}

const isCallPath = (path: string): boolean =>
  path.startsWith(CALL_API_PREFIX) || path.startsWith(SCRIPT_PREFIX);

/** Goop² names itself by the address of its settings. A user may have given the other name of this machine. */
function originsOf({ origin, hostname, port }: URL): readonly string[] {
  if (hostname !== LOOPBACK && hostname !== "localhost") return [origin];
  return [LOOPBACK, "localhost"].map((name) => `http://${name}:${port || "80"}`);
}
