// What every HTTP server of this package has in common: it listens on loopback alone, knows its own names, and compares
// tokens without telling how much of them was right. Knows neither pages nor pictures.

import { randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo, ListenOptions } from "node:net";
import type { Duplex } from "node:stream";

export const LOOPBACK = "127.0.0.1";
/** 192 bits: beyond guessing, also for another user of this machine. */
const TOKEN_BYTES = 24;

/** Safe in URLs and as a WebSocket subprotocol. */
export function makeToken(): string {
  return randomBytes(TOKEN_BYTES).toString("base64url");
}

/** In constant time, so that the token cannot be guessed letter by letter. */
export function isSameToken(given: string, token: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(token)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** @param port 0 takes a free one. @returns the port. @throws with EADDRINUSE when it is taken */
export function listenOnLoopback(server: Server, port: number): Promise<number> {
  return listenOn(server, { port, host: LOOPBACK });
}

/** @param where as Node's `listen` takes it; a descriptor is the server's from now on. @returns the port */
export async function listenOn(server: Server, where: ListenOptions | { fd: number }): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(where, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no TCP port");
  return address.port;
}

/** Ends open connections too; upgraded ones are their owner's matter. */
export async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}

/** Another name for 127.0.0.1 in the Host header means that a foreign page rebound its own name to us. */
export function isOwnHost({ headers, socket }: IncomingMessage): boolean {
  const { host } = headers;
  return host === `${LOOPBACK}:${socket.localPort}` || host === `localhost:${socket.localPort}`;
}

/** Answers an upgrade that may not happen, and closes. @param status such as "403 Forbidden" */
export function refuseUpgrade(socket: Duplex, status: string, words = ""): void {
  socket.on("error", () => socket.destroy());
  const head = `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n`;
  const length = `Content-Length: ${Buffer.byteLength(words)}`;
  // An asker that does not close its end must not hold up the server's own end.
  socket.end(`${head}${length}\r\n\r\n${words}`, () => socket.destroy());
}
