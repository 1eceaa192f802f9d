// A scripted Goop² behind the proxy of its pages, and a client that sends what a browser or an attacker would send.

import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { WebSocket, WebSocketServer } from "ws";
import { type GoopPages, startGoopPages } from "../../../plugin/host/goop-pages/goop-pages.ts";
import type { Answer } from "./scripted-goop.ts";

export type Headers = Record<string, string>;

export const PAGE = "<!doctype html><html><head><title>Goop²</title></head><body>é</body></html>";
/** What a browser sends for a page that its user opens. */
export const NAVIGATION = {
  "sec-fetch-mode": "navigate",
  "sec-fetch-dest": "document",
  "sec-fetch-site": "none",
};

export const html =
  (body: string | Buffer = PAGE, headers: Headers = {}): Answer =>
  (_, response) => {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8", ...headers }).end(body);
  };

export class ProxiedGoop {
  readonly pages: GoopPages;
  readonly goop: Server;
  readonly #sockets: WebSocketServer;
  readonly cookie: string;
  /** The answer to every request. */
  answer: Answer = html();
  /** The requests that Goop² received. */
  readonly seen: { url: string; method: string; headers: Headers }[] = [];
  /** The requests that the host received. */
  readonly called: string[] = [];

  private constructor(goop: Server, sockets: WebSocketServer, pages: GoopPages, cookie: string) {
    this.goop = goop;
    this.#sockets = sockets;
    this.pages = pages;
    this.cookie = cookie;
    goop.on("request", (received, response) => {
      const { url = "", method = "", headers } = received;
      this.seen.push({ url, method, headers: headers as Headers });
      this.answer(received, response);
    });
    pages.attach({
      addPage: (socket) => socket.send("the host"),
      answerCallApi: (received, response) => {
        this.called.push(received.url ?? "");
        response.end("the host");
      },
    });
  }

  static async start(): Promise<ProxiedGoop> {
    const goop = createServer();
    const sockets = new WebSocketServer({ server: goop, path: "/echo" });
    sockets.on("connection", (socket) => socket.on("message", (data) => socket.send(`echo ${data}`)));
    await once(goop.listen(0, "127.0.0.1"), "listening");
    const pages = await startGoopPages({ goop: new URL(originOf(goop)), port: 0 });
    const entered = await fetch(pages.url, { redirect: "manual" });
    return new ProxiedGoop(goop, sockets, pages, entered.headers.get("set-cookie")?.split(";")[0] ?? "");
  }

  get origin(): string {
    return originOf(this.goop);
  }

  /** Before each test. */
  reset(): void {
    this.answer = html();
    this.seen.length = 0;
    this.called.length = 0;
  }

  async close(): Promise<void> {
    await this.pages.close();
    this.#sockets.close();
    this.goop.closeAllConnections();
    await new Promise((resolve) => this.goop.close(resolve));
  }

  async ask(url: string, headers: Headers = {}, method = "GET"): Promise<IncomingMessage> {
    const all = { cookie: this.cookie, ...headers };
    const outgoing = request(new URL(url, this.pages.origin), { headers: all, method });
    outgoing.end();
    const [response] = await once(outgoing, "response");
    return response;
  }

  async bodyOf(path: string, headers: Headers = {}): Promise<string> {
    return await text(await this.ask(path, headers));
  }

  async statusOf(path: string, headers: Headers = {}, method = "GET"): Promise<number | undefined> {
    const response = await this.ask(path, headers, method);
    response.resume();
    return response.statusCode;
  }

  /** Opens a WebSocket and sends a message. @returns the first message, or the status of the refusal */
  async connect(
    path: string,
    { protocols = [], headers = {}, origin = this.pages.origin }: ConnectOptions = {},
  ): Promise<string | number> {
    const url = new URL(path, origin.replace("http", "ws"));
    const all = { cookie: this.cookie, origin, ...headers };
    const socket = new WebSocket(url, [...protocols], { headers: all });
    socket.on("error", () => undefined);
    const result = await new Promise<string | number>((resolve) => {
      socket.on("open", () => socket.send("hello"));
      socket.on("message", (data) => resolve(String(data)));
      socket.on("unexpected-response", (_request, response) => resolve(response.statusCode ?? 0));
      socket.on("close", () => resolve("closed"));
    });
    socket.terminate();
    return result;
  }
}

interface ConnectOptions {
  readonly protocols?: readonly string[];
  readonly headers?: Headers;
  /** Of the server, and of the page that connects. */
  readonly origin?: string;
}

const originOf = (goop: Server): string => `http://127.0.0.1:${(goop.address() as AddressInfo).port}`;
