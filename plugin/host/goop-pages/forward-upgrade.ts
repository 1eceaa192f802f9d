// Forwards one WebSocket (RFC 6455) to Goop²: its request and answer as HTTP, then the bytes of both sides unchanged.

import { request as httpRequest, type IncomingMessage } from "node:http";
import { type Duplex, pipeline } from "node:stream";
import { refuseUpgrade } from "../../http/loopback.ts";
import { type ProxyRoute, requestHeaders } from "./headers.ts";

/** The caller closes `socket` to end the connection. */
export function forwardUpgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  route: ProxyRoute,
): void {
  const outgoing = httpRequest(route.goop, {
    path: request.url ?? "/",
    headers: { ...requestHeaders(request, route), connection: "Upgrade", upgrade: "websocket" },
    agent: false,
  });
  socket.once("close", () => outgoing.destroy());
  socket.on("error", () => socket.destroy());
  outgoing.on("error", () => refuseUpgrade(socket, "502 Bad Gateway"));
  outgoing.once("response", (answer) => {
    answer.destroy();
    refuseUpgrade(socket, `${answer.statusCode} ${answer.statusMessage}`);
  });
  outgoing.once("upgrade", (answer, goop, goopHead) => {
    // Node no longer reports errors of this connection to the request.
    goop.on("error", () => goop.destroy());
    socket.write(headOf(answer));
    socket.write(goopHead);
    goop.write(head);
    join(socket, goop);
  });
  outgoing.end();
}

/** When either side ends or fails, the other one ends too. */
function join(one: Duplex, other: Duplex): void {
  const close = (): void => {
    one.destroy();
    other.destroy();
  };
  pipeline(one, other, close);
  pipeline(other, one, close);
}

function headOf({ statusMessage = "", rawHeaders }: IncomingMessage): string {
  const lines = [`HTTP/1.1 101 ${statusMessage}`];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    lines.push(`${rawHeaders[index]}: ${rawHeaders[index + 1]}`);
  }
  return `${lines.join("\r\n")}\r\n\r\n`;
}
