// The plugin's own HTTP server for pictures: loopback only, opened when the first stream asks for it. Decides who gets
// in and hands each reader to its stream. Knows no frames.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { closeServer, isOwnHost, LOOPBACK, listenOn, makeToken, refuseUpgrade } from "../http/loopback.ts";
import { framePath, hasStreamToken, mayLoadImage, mayOpenSocket, readFramePath } from "./frame-access.ts";
import type { FrameClient, FrameClientEvents } from "./frame-client.ts";
import { createMjpegClient } from "./mjpeg-client.ts";
import { createSocketClient } from "./socket-client.ts";

export type ServedDelivery = "websocket" | "mjpeg";

/** Makes ready for a reader that was let in. @returns what the reader tells from now on */
export type ConnectClient = (reader: FrameClient) => FrameClientEvents;

export interface FrameServer {
  /** @returns where the page fetches this stream. @throws Error when no port can be opened */
  add(stream: string, delivery: ServedDelivery, welcome: ConnectClient): Promise<string>;
  /** Ends its reader. */
  remove(stream: string): void;
  /** Ends every reader. */
  close(): Promise<void>;
}

interface Place {
  readonly delivery: ServedDelivery;
  readonly token: string;
  readonly welcome: ConnectClient;
  reader: FrameClient | null;
}

/** An acknowledgement has four bytes. */
const MAX_MESSAGE_BYTES = 64;
/** Sixteen streams for each of a few calls; the rest would be somebody knocking. */
const MAX_CONNECTIONS = 128;

interface Refusal {
  readonly status: number;
  readonly why: string;
}

/**
 * @param origins of the pages that may fetch, asked at each request
 * @param openListener gives a socket to listen on whose connections are reset when this process dies: why an answer of
 * pictures must not merely stop stands in mjpeg-reader.ts
 */
export function createFrameServer(origins: () => readonly string[], openListener: () => number): FrameServer {
  return new LoopbackServer(origins, openListener);
}

class LoopbackServer implements FrameServer {
  readonly #origins: () => readonly string[];
  readonly #openListener: () => number;
  readonly #places = new Map<string, Place>();
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  });
  #server: Server | null = null;
  #opening: Promise<number> | null = null;

  constructor(origins: () => readonly string[], openListener: () => number) {
    this.#origins = origins;
    this.#openListener = openListener;
  }

  async add(stream: string, delivery: ServedDelivery, welcome: ConnectClient): Promise<string> {
    const token = makeToken();
    this.#places.set(stream, { delivery, token, welcome, reader: null });
    this.#opening ??= this.#open();
    const port = await this.#opening;
    const scheme = delivery === "websocket" ? "ws" : "http";
    return `${scheme}://${LOOPBACK}:${port}${framePath(stream, token)}`;
  }

  remove(stream: string): void {
    const place = this.#places.get(stream);
    this.#places.delete(stream);
    place?.reader?.close();
  }

  async close(): Promise<void> {
    for (const stream of [...this.#places.keys()]) this.remove(stream);
    // A port that is just being opened is closed once it is.
    await this.#opening?.catch(() => undefined);
    if (this.#server) await closeServer(this.#server);
    this.#sockets.close();
  }

  async #open(): Promise<number> {
    const server = createServer((request, response) => this.#answer(request, response));
    server.maxConnections = MAX_CONNECTIONS;
    server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
    try {
      const port = await listenOn(server, { fd: this.#openListener() });
      this.#server = server;
      return port;
    } catch (error) {
      // The next stream tries again.
      this.#opening = null;
      throw error;
    }
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const place = this.#placeFor(request, "mjpeg");
    if ("why" in place) {
      response.writeHead(place.status, { Connection: "close", "Content-Type": "text/plain; charset=utf-8" });
      response.end(`${place.why}\n`);
      return;
    }
    const { origin } = request.headers;
    // Only with this may the page read the pixels of what it shows.
    const sharing = {
      Vary: "Origin",
      ...(origin === undefined ? {} : { "Access-Control-Allow-Origin": origin }),
    };
    welcomeReader(place, (events) => createMjpegClient(response, sharing, events));
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const place = this.#placeFor(request, "websocket");
    if ("why" in place) {
      refuseUpgrade(socket, `${place.status} Refused`, `${place.why}\n`);
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (accepted) =>
      welcomeReader(place, (events) => createSocketClient(accepted, events)),
    );
  }

  /** The stream that this request may have, or why not. */
  #placeFor(request: IncomingMessage, delivery: ServedDelivery): Place | Refusal {
    if (request.method !== "GET") return { status: 405, why: "only GET is answered" };
    if (!isOwnHost(request)) return { status: 403, why: "this server answers to its own address only" };
    const asked = readFramePath(request.url ?? "");
    const place = asked ? this.#places.get(asked.stream) : undefined;
    if (!asked || !place || !hasStreamToken(asked.token, place.token)) {
      return { status: 403, why: "no such stream, or not its token" };
    }
    const may = delivery === "websocket" ? mayOpenSocket : mayLoadImage;
    if (!may(request.headers, this.#origins())) {
      return { status: 403, why: "this page is not among the host's pageOrigins" };
    }
    if (place.delivery !== delivery)
      return { status: 400, why: `this stream's delivery is ${place.delivery}` };
    return place.reader ? { status: 409, why: "this stream has a reader already" } : place;
  }
}

/** A page that comes again after it has gone is welcome again. */
function welcomeReader(place: Place, connect: (events: FrameClientEvents) => FrameClient): void {
  let events: FrameClientEvents | null = null;
  const onGone = (): void => {
    place.reader = null;
    events?.onGone();
    events = null;
  };
  const reader = connect({ onAcknowledge: (seq) => events?.onAcknowledge(seq), onGone });
  place.reader = reader;
  events = place.welcome({
    close: reader.close,
    async write(head, jpeg) {
      try {
        await reader.write(head, jpeg);
      } catch (error) {
        // Known here before its connection says so: a reader that left is no failure of the picture.
        onGone();
        throw error;
      }
    },
  });
}
