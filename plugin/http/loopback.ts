// Rules that all loopback servers of this package share: they listen on 127.0.0.1 only, check the Host header, and compare
// tokens in constant time.

import { randomBytes, timingSafeEqual } from "node:crypto";
import type { Server as HttpServer, IncomingMessage } from "node:http";
import type { AddressInfo, ListenOptions, Server } from "node:net";
import type { Duplex } from "node:stream";

export const LOOPBACK = "127.0.0.1";
/** 192 bits, which other users of this machine cannot guess. */
const TOKEN_BYTES = 24;

/** @returns a random token that is valid in URLs and as a WebSocket subprotocol */
export function makeToken(): string {
  return randomBytes(TOKEN_BYTES).toString("base64url");
}

/** Compares in constant time, so that response times do not reveal how much of a guess is right. */
export function isSameToken(given: string, token: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(token)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** @param port 0 chooses a free port. @returns the port. @throws Error with code EADDRINUSE when the port is in use */
export function listenOnLoopback(server: Server, port: number): Promise<number> {
  return listenOn(server, { port, host: LOOPBACK });
}

/**
 * @param where as for Node's `listen`; the server takes over a file descriptor
 * @returns the port
 */
export async function listenOn(server: Server, where: ListenOptions | { fd: number }): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    // Stays for the server's life. A connection that cannot be accepted, for want of a descriptor, is an error of the server
    // too. Its client sees the refusal and asks again.
    server.on("error", reject);
    server.listen(where, resolve);
  });
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no TCP port");
  return address.port;
}

/** Closes open connections too, except upgraded ones, which their owner must close. */
export async function closeServer(server: HttpServer): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}

/** Any other name in the Host header is a DNS rebinding attack: a foreign page has pointed its own name at 127.0.0.1. */
export function isOwnHost({ headers, socket }: IncomingMessage): boolean {
  const { host } = headers;
  return host === `${LOOPBACK}:${socket.localPort}` || host === `localhost:${socket.localPort}`;
}

/** Refuses a WebSocket upgrade and closes the connection. @param status such as "403 Forbidden" */
export function refuseUpgrade(socket: Duplex, status: string, body = ""): void {
  socket.on("error", () => socket.destroy());
  const head = `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n`;
  const length = `Content-Length: ${Buffer.byteLength(body)}`;
  // The server must be able to close even if the client never closes its side.
  socket.end(`${head}${length}\r\n\r\n${body}`, () => socket.destroy());
}
