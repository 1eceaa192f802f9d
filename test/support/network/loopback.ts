// Loopback sockets on free ports, for tests and drivers.
import { once } from "node:events";
import { createServer, type Server } from "node:net";

/** Starts a TCP or HTTP server on a free port of 127.0.0.1. @returns its URL, `http://127.0.0.1:<port>` */
export async function listenOnLoopback(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${portOf(server)}`;
}

/** @returns a port that was just free, for programs that cannot choose one themselves */
export async function findFreePort(): Promise<number> {
  const server = createServer();
  await listenOnLoopback(server);
  const port = portOf(server);
  server.close();
  await once(server, "close");
  return port;
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the loopback socket has no port");
  return address.port;
}
