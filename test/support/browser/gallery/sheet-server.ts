// Serves the call page six times on one sheet: three widths, light and dark. The pages are those of a real reference host, which
// this server passes on without the header that keeps them out of frames.

import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { connect } from "node:net";
import axe from "axe-core";

const SCHEMES = ["light", "dark"] as const;
const WIDTHS = [360, 768, 1400] as const;
const HEIGHT = 640;
const GAP = 8;

export interface SheetServer {
  /** @param scale how large the pages are painted; their layout does not depend on it */
  url(scale: number): string;
  close(): Promise<void>;
}

/** @returns the size of the whole sheet in pixels */
export function sheetSize(scale: number): { width: number; height: number } {
  const width = WIDTHS.reduce((sum, one) => sum + one + GAP, 0) - GAP;
  return {
    width: Math.ceil(width * scale),
    height: Math.ceil((SCHEMES.length * (HEIGHT + GAP) - GAP) * scale),
  };
}

/** @param pageUrl the page of a running host, with its token */
export async function startSheetServer(pageUrl: string): Promise<SheetServer> {
  const page = new URL(pageUrl);
  const server = createServer((incoming, response) => {
    const url = new URL(incoming.url ?? "/", page);
    if (url.pathname === "/sheet")
      answer(response, "text/html", sheet(page, url.searchParams.get("scale") ?? "1"));
    else if (url.pathname === "/axe.js") answer(response, "text/javascript", axe.source);
    else passOn(page, incoming, response);
  });
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("upgrade", (incoming, socket) => {
    const host = connect(Number(page.port), page.hostname, () => host.write(upgradeOf(page, incoming)));
    for (const [one, other] of [
      [socket, host],
      [host, socket],
    ] as const) {
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
    socket.pipe(host).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // An address of a TCP server is never text.
  const { port } = server.address() as AddressInfo;
  return {
    url: (scale) => `http://127.0.0.1:${port}/sheet?scale=${scale}`,
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function answer(response: ServerResponse, type: string, body: string): void {
  response.writeHead(200, { "Content-Type": `${type}; charset=utf-8` });
  response.end(body);
}

function sheet(page: URL, scale: string): string {
  const { width } = sheetSize(1);
  const frames = SCHEMES.flatMap((scheme) =>
    WIDTHS.map(
      (one) =>
        `<iframe src="/${page.hash}" data-scheme="${scheme}" data-width="${one}" width="${one}" height="${HEIGHT}"></iframe>`,
    ),
  );
  return `<!doctype html><title>States</title><style>
    html { overflow: hidden; background: #777 }
    body { display: flex; flex-wrap: wrap; gap: ${GAP}px; width: ${width}px; margin: 0;
      transform: scale(${Number(scale)}); transform-origin: 0 0 }
    iframe { border: 0 }</style><body>${frames.join("")}</body>`;
}

/** The pages come six times, so the browser may keep their files. */
function passOn(page: URL, incoming: IncomingMessage, response: ServerResponse): void {
  const headers = { ...incoming.headers, host: page.host };
  const onward = request(new URL(incoming.url ?? "/", page), { headers }, (answered) => {
    const { "content-security-policy": _, ...kept } = answered.headers;
    response.writeHead(answered.statusCode ?? 500, { ...kept, "cache-control": "max-age=600" });
    answered.pipe(response);
  });
  onward.on("error", () => response.destroy());
  onward.end();
}

function upgradeOf(page: URL, { url, headers }: IncomingMessage): string {
  const lines = Object.entries({ ...headers, host: page.host, origin: page.origin }).map(
    ([name, value]) => `${name}: ${String(value)}`,
  );
  return [`GET ${url} HTTP/1.1`, ...lines, "", ""].join("\r\n");
}
