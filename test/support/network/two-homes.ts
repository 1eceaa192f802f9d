// Two homes on the internet: network namespaces, each behind a router that lets connections out and none in. The test's own
// namespace is the internet. A home reaches the relay through its router's proxy, and a TURN server by a route of its own, and
// it has no route to the other home. Needs root and iproute2.

import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { createNamespaces, ip } from "./netns.ts";

export interface Home {
  /** A command prefix that runs a program in this home. */
  readonly prefix: readonly string[];
  /** Of the router, as the home sees it. */
  readonly gateway: string;
}

export interface TwoHomes {
  readonly homes: readonly [Home, Home];
  /** An address of the internet that both homes reach. */
  readonly publicAddress: string;
  /**
   * The routers carry TCP connections from the homes to this port of 127.0.0.1.
   * @returns the port at each gateway
   */
  carry(port: number): Promise<readonly [number, number]>;
  remove(): void;
}

const subnetOf = (index: number) => `10.78.${index + 1}`;
const PUBLIC = `${subnetOf(0)}.1`;

const NAMES = ["home-a", "home-b"] as const;

export function createTwoHomes(): TwoHomes {
  const proxies: OutwardProxy[] = [];
  const spaces = createNamespaces(NAMES);
  try {
    for (const [index, name] of NAMES.entries()) connectHome(spaces.nameOf(name), index);
  } catch (error) {
    spaces.remove();
    throw error;
  }
  const home = (index: 0 | 1): Home => ({
    prefix: spaces.within(NAMES[index]),
    gateway: `${subnetOf(index)}.1`,
  });
  return {
    homes: [home(0), home(1)],
    publicAddress: PUBLIC,
    async carry(port) {
      const opened = await Promise.all(
        [0, 1].map((index) => OutwardProxy.open(`${subnetOf(index)}.1`, port)),
      );
      proxies.push(...opened);
      return [opened[0]?.port ?? 0, opened[1]?.port ?? 0];
    },
    remove() {
      for (const proxy of proxies) proxy.close();
      spaces.remove();
    },
  };
}

function connectHome(name: string, index: number): void {
  const [cable, subnet] = [`goop-home-${index}`, subnetOf(index)];
  ip("-n", name, "link", "add", "cable", "type", "veth", "peer", "name", cable, "netns", String(process.pid));
  ip("address", "add", `${subnet}.1/24`, "dev", cable);
  ip("link", "set", cable, "up");
  ip("-n", name, "address", "add", `${subnet}.2/24`, "dev", "cable");
  ip("-n", name, "link", "set", "cable", "up");
  if (index > 0) ip("-n", name, "route", "add", PUBLIC, "via", `${subnet}.1`);
}

class OutwardProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, target: number) {
    this.#server = server;
    server.on("connection", (inner) => {
      const outer = connect(target, "127.0.0.1");
      for (const socket of [inner, outer]) {
        this.#sockets.add(socket);
        socket.on("error", () => undefined);
        socket.once("close", () => {
          this.#sockets.delete(socket);
          inner.destroy();
          outer.destroy();
        });
      }
      inner.pipe(outer).pipe(inner);
    });
  }

  static async open(address: string, target: number): Promise<OutwardProxy> {
    const server = createServer().listen(0, address);
    await once(server, "listening");
    return new OutwardProxy(server, target);
  }

  get port(): number {
    const address = this.#server.address();
    return address === null || typeof address === "string" ? 0 : address.port;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
