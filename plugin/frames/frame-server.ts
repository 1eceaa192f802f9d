// The plugin's HTTP server for frames. It listens on loopback only, from the first served stream on. It checks requests and
// connects each client to its stream.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { TurnedAway } from "../common/refusals.ts";
import { ConnectionGuard } from "../http/connection-guard.ts";
import { closeServer, isOwnHost, LOOPBACK, listenOn, makeToken, refuseUpgrade } from "../http/loopback.ts";
import { framePath, hasStreamToken, mayLoadImage, mayOpenSocket, readFramePath } from "./frame-access.ts";
import type { FrameClient, FrameClientEvents } from "./frame-client.ts";
import { createMjpegClient } from "./mjpeg-client.ts";
import { createSocketClient } from "./socket-client.ts";

export type ServedDelivery = "websocket" | "mjpeg";

/** Called for an accepted client. @returns the handlers of its events */
export type ConnectClient = (client: FrameClient) => FrameClientEvents;

export interface FrameServer {
  /** @returns the URL of the stream. @throws Error when no port can be opened */
  add(stream: string, delivery: ServedDelivery, connectClient: ConnectClient): Promise<string>;
  /** Disconnects the stream's client. */
  remove(stream: string): void;
  turnedAway(): TurnedAway;
  /** Disconnects every client. */
  close(): Promise<void>;
}

interface ServedStream {
  readonly delivery: ServedDelivery;
  readonly token: string;
  readonly connectClient: ConnectClient;
  client: FrameClient | null;
}

/** An acknowledgement has four bytes. */
const MAX_MESSAGE_BYTES = 64;
/** Sixteen streams for each of a few calls, with a margin. */
const MAX_CONNECTIONS = 128;

interface Refusal {
  readonly status: number;
  readonly reason: string;
}

const TOO_MANY: Refusal = { status: 503, reason: "too many clients" };

/**
 * @param origins the origins of the pages that may fetch, read at each request
 * @param openListener opens a listening socket whose connections are reset when this process dies. mjpeg-client.ts
 * explains why a response must not just stop
 */
export function createFrameServer(origins: () => readonly string[], openListener: () => number): FrameServer {
  return new LoopbackServer(origins, openListener);
}

class LoopbackServer implements FrameServer {
  readonly #origins: () => readonly string[];
  readonly #openListener: () => number;
  readonly #streams = new Map<string, ServedStream>();
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  });
  #server: Server | null = null;
  #guard: ConnectionGuard | null = null;
  #opening: Promise<number> | null = null;

  constructor(origins: () => readonly string[], openListener: () => number) {
    this.#origins = origins;
    this.#openListener = openListener;
  }

  async add(stream: string, delivery: ServedDelivery, connectClient: ConnectClient): Promise<string> {
    const token = makeToken();
    this.#streams.set(stream, { delivery, token, connectClient, client: null });
    this.#opening ??= this.#open();
    const port = await this.#opening.catch((error: unknown) => {
      this.#streams.delete(stream);
      // The next stream tries again.
      this.#opening = null;
      throw error;
    });
    const scheme = delivery === "websocket" ? "ws" : "http";
    return `${scheme}://${LOOPBACK}:${port}${framePath(stream, token)}`;
  }

  remove(stream: string): void {
    const served = this.#streams.get(stream);
    this.#streams.delete(stream);
    served?.client?.close();
  }

  turnedAway(): TurnedAway {
    return this.#guard?.counts ?? { closed: 0, refused: 0 };
  }

  async close(): Promise<void> {
    for (const stream of [...this.#streams.keys()]) this.remove(stream);
    // A port that is still being opened is closed afterwards.
    await this.#opening?.catch(() => undefined);
    if (this.#server) await closeServer(this.#server);
    this.#sockets.close();
  }

  async #open(): Promise<number> {
    const server = createServer((request, response) => this.#answer(request, response));
    this.#guard = new ConnectionGuard(server, MAX_CONNECTIONS);
    server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
    const port = await listenOn(server, { fd: this.#openListener() });
    this.#server = server;
    return port;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const served = this.#streamFor(request, "mjpeg");
    if ("reason" in served || !this.#guard?.serve(request.socket)) {
      this.#guard?.refuse();
      const { status, reason } = "reason" in served ? served : TOO_MANY;
      response.writeHead(status, { Connection: "close", "Content-Type": "text/plain; charset=utf-8" });
      response.end(`${reason}\n`);
      return;
    }
    const { origin } = request.headers;
    // This header allows the page to read the pixels of the image.
    const sharing = {
      Vary: "Origin",
      ...(origin === undefined ? {} : { "Access-Control-Allow-Origin": origin }),
    };
    connectTo(served, (events) => createMjpegClient(response, sharing, events));
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const served = this.#streamFor(request, "websocket");
    if ("reason" in served || !this.#guard?.serve(socket)) {
      this.#guard?.refuse();
      const { status, reason } = "reason" in served ? served : TOO_MANY;
      refuseUpgrade(socket, `${status} Refused`, `${reason}\n`);
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (accepted) =>
      connectTo(served, (events) => createSocketClient(accepted, events)),
    );
  }

  /** The stream that this request may fetch, or the reason of the refusal. */
  #streamFor(request: IncomingMessage, delivery: ServedDelivery): ServedStream | Refusal {
    if (request.method !== "GET") return { status: 405, reason: "only GET is allowed" };
    if (!isOwnHost(request))
      return { status: 403, reason: "the Host header does not name this server's address" };
    const named = readFramePath(request.url ?? "");
    const served = named ? this.#streams.get(named.stream) : undefined;
    if (!named || !served || !hasStreamToken(named.token, served.token)) {
      return { status: 403, reason: "unknown stream or wrong token" };
    }
    const may = delivery === "websocket" ? mayOpenSocket : mayLoadImage;
    if (!may(request.headers, this.#origins())) {
      return { status: 403, reason: "the page is not among the host's pageOrigins" };
    }
    if (served.delivery !== delivery)
      return { status: 400, reason: `this stream's delivery is ${served.delivery}` };
    return served.client ? { status: 409, reason: "the stream already has a client" } : served;
  }
}

/** A page may reconnect after its client is gone. */
function connectTo(served: ServedStream, connect: (events: FrameClientEvents) => FrameClient): void {
  let events: FrameClientEvents | null = null;
  const onGone = (): void => {
    served.client = null;
    events?.onGone();
    events = null;
  };
  const client = connect({ onAcknowledge: (seq) => events?.onAcknowledge(seq), onGone });
  served.client = client;
  events = served.connectClient({
    close: client.close,
    async write(head, jpeg) {
      try {
        await client.write(head, jpeg);
      } catch (error) {
        // The write fails before the connection's close event. A client that left is not a failure of the frame.
        onGone();
        throw error;
      }
    },
  });
}
