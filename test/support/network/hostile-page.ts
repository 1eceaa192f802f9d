// What a hostile page can send to a server on loopback. Raw sockets, because a browser would not send half of it.

import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";

const GUESSES_PER_SOCKET = 50;
/** A multiple of neither the ways to hold a socket nor of a server's limit. */
const OPENED_AT_ONCE = 50;

/** A loopback server, and a request to it that would be let in. */
export interface Target {
  readonly name: string;
  readonly port: number;
  /** A request that opens a WebSocket needs an Origin, and a page of Goop² must not send a foreign one. */
  readonly isUpgrade: boolean;
  readonly path: string;
  /** Headers of the right client, without Host and Origin. */
  readonly headers: Readonly<Record<string, string>>;
  readonly origin: string;
  /** Where it occurs in path and headers, others are put. */
  readonly token: string;
}

export interface Change {
  readonly host?: string;
  readonly origin?: string;
  readonly token?: string;
  readonly path?: string;
}

/** @returns the right request, but for the changes */
export function requestText(target: Target, change: Change = {}): string {
  const { host = `127.0.0.1:${target.port}`, origin = target.origin, path = target.path } = change;
  const upgrade = {
    ...{ Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Version": "13" },
    "Sec-WebSocket-Key": randomBytes(16).toString("base64"),
  };
  const headers = {
    ...(host === "" ? {} : { Host: host }),
    ...(origin === "" ? {} : { Origin: origin }),
    ...(target.isUpgrade ? upgrade : { Connection: "close" }),
    ...target.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const text = `GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
  return change.token === undefined ? text : text.replaceAll(target.token, change.token);
}

/** @param address 0.0.0.0 leads to this machine too. @returns the status of the answer; 0 without one */
export async function ask(port: number, text: string, address = "127.0.0.1"): Promise<number> {
  const socket = openSocket(port, address);
  socket.write(text);
  const first = await new Promise<unknown>((resolve) => {
    socket.once("data", resolve);
    socket.once("close", () => resolve(""));
  });
  socket.destroy();
  return Number(String(first).split(" ", 2)[1] ?? 0);
}

/**
 * Guesses tokens, some at a time. A server keeps the connection of a plain request, and closes that of a WebSocket.
 * @returns how often each status was the answer
 */
export async function guessTokens(target: Target, guesses: number): Promise<Map<number, number>> {
  const statuses = new Map<number, number>();
  const perSocket = target.isUpgrade ? 1 : GUESSES_PER_SOCKET;
  let left = guesses;
  const guess = async (): Promise<void> => {
    while (left > 0) {
      const count = Math.min(left, perSocket);
      left -= count;
      const texts = Array.from({ length: count }, (_, index) => {
        const token = randomBytes(target.token.length).toString("base64url").slice(0, target.token.length);
        const text = requestText(target, { token });
        return index < count - 1 ? text.replace("Connection: close", "Connection: keep-alive") : text;
      });
      for (const status of await statusesOf(target.port, texts.join(""))) {
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    }
  };
  await Promise.all(Array.from({ length: 16 }, guess));
  return statuses;
}

/** The statuses of all answers until the server closes the connection. */
async function statusesOf(port: number, text: string): Promise<number[]> {
  const socket = openSocket(port);
  let answers = "";
  socket.on("data", (data) => {
    answers += String(data);
  });
  socket.write(text);
  await new Promise((resolve) => socket.once("close", resolve));
  return [...answers.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
}

/** Opens so many connections and holds them, each in one of the ways that cost a server something. */
export async function holdSockets(target: Target, count: number): Promise<Socket[]> {
  const refused = requestText(target, { token: "A".repeat(target.token.length) });
  const beginnings = [
    "", // says nothing
    refused.slice(0, 40), // a header that does not end
    `${refused.slice(0, -2)}X: `, // the same, later
    refused, // does not read its answer
    `POST ${target.path} HTTP/1.1\r\nHost: 127.0.0.1:${target.port}\r\nContent-Length: 1000000000\r\n\r\nx`,
    `GET /charts/elk-worker.js HTTP/1.1\r\nHost: 127.0.0.1:${target.port}\r\n\r\n`, // a large file
    requestText(target, { token: "A", path: "/events" }), // an event stream
  ];
  const hold = async (_: unknown, index: number): Promise<Socket> => {
    const socket = openSocket(target.port);
    await new Promise<void>((resolve) => {
      socket.once("connect", resolve);
      socket.once("close", () => resolve());
    });
    socket.pause();
    socket.write(beginnings[index % beginnings.length] ?? "");
    return socket;
  };
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const some = { length: Math.min(OPENED_AT_ONCE, count - sockets.length) };
    sockets.push(...(await Promise.all(Array.from(some, hold))));
  }
  return sockets;
}

function openSocket(port: number, address = "127.0.0.1"): Socket {
  return connect(port, address).on("error", () => undefined);
}
