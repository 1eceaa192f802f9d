// A proxy before a loopback HTTP server whose connections a test can cut, as a crash or a security program would.

import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

export interface CuttingProxy {
  readonly port: number;
  /** Resolves when the next connection is accepted. */
  nextConnection(): Promise<void>;
  /** Resets every connection. */
  cut(): void;
  close(): void;
}

/** Requests reach the server with its own Host header, which loopback servers demand. */
export async function startCuttingProxy(targetPort: number): Promise<CuttingProxy> {
  const sockets = new Set<Socket>();
  let accepted: () => void = () => undefined;
  const server = createServer((client) => {
    accepted();
    const target = connect(targetPort, "127.0.0.1");
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.once("close", () => {
        sockets.delete(socket);
        client.resetAndDestroy();
        target.resetAndDestroy();
      });
    }
    client.once("data", (head) => {
      target.write(
        head.toString("latin1").replace(/^Host: .*$/im, `Host: 127.0.0.1:${targetPort}`),
        "latin1",
      );
      client.pipe(target);
    });
    target.pipe(client);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  return {
    port: address.port,
    nextConnection: () =>
      new Promise((resolve) => {
        accepted = resolve;
      }),
    cut() {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
