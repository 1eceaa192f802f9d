// Whoever watches a stream, by each of the three ways, as a page would: takes pictures, acknowledges, pauses, leaves.

import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { WebSocket } from "ws";

export const PAGE_ORIGIN = "http://127.0.0.1:8080";

const HEAD_END = "\r\n\r\n";

/** What arrived of one picture; what the way does not carry is undefined. */
export interface ReceivedFrame {
  readonly bytes: Buffer;
  /** Of a part of MJPEG. */
  readonly head?: string;
  readonly seq?: number;
  readonly capturedAt?: number;
  readonly width?: number;
  readonly height?: number;
}

/** A connected page. */
export interface FrameViewer {
  /** The next picture, come already or to come. */
  next(): Promise<ReceivedFrame>;
  acknowledge(seq: number): void;
  /** Resolves when the other side has closed. */
  readonly closed: Promise<unknown>;
  /** Stops reading from the connection, as a page that hangs. */
  pause(): void;
  leave(): void;
}

/** Hands out in order what came. */
class AwaitableQueue {
  readonly #come: ReceivedFrame[] = [];
  readonly #waiting: ((picture: ReceivedFrame) => void)[] = [];

  push(picture: ReceivedFrame): void {
    const waiting = this.#waiting.shift();
    if (waiting) waiting(picture);
    else this.#come.push(picture);
  }

  next(): Promise<ReceivedFrame> {
    const come = this.#come.shift();
    return come ? Promise.resolve(come) : new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/** @throws Error naming the HTTP status of a refusal */
export async function openSocketViewer(
  url: string,
  headers: Record<string, string> = {},
): Promise<FrameViewer> {
  const socket = new WebSocket(url, { headers: { origin: PAGE_ORIGIN, ...headers } });
  const arrivals = new AwaitableQueue();
  socket.on("message", (data: Buffer) => {
    const [seq, capturedAt] = [data.readUInt32BE(0), data.readDoubleBE(4)];
    const [width, height] = [data.readUInt16BE(12), data.readUInt16BE(14)];
    arrivals.push({ seq, capturedAt, width, height, bytes: data.subarray(16) });
  });
  const closed = new Promise((resolve) => socket.once("close", resolve));
  await new Promise<void>((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("unexpected-response", (_request, { statusCode }) => reject(new Error(`HTTP ${statusCode}`)));
    socket.on("error", reject);
  });
  return {
    next: () => arrivals.next(),
    acknowledge(seq) {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(seq);
      socket.send(bytes);
    },
    closed,
    pause: () => socket.pause(),
    leave: () => socket.terminate(),
  };
}

/** The status of any request; its body is read and dropped. */
export async function statusOf(
  url: string,
  headers: Record<string, string> = {},
  method = "GET",
): Promise<number> {
  const asked = request(url.replace(/^ws:/, "http:"), { headers, method, agent: false });
  asked.end();
  const [response]: [IncomingMessage] = (await once(asked, "response")) as [IncomingMessage];
  response.destroy();
  return response.statusCode ?? 0;
}

/** A page's `<img>`, which is answered with the first picture. */
interface MjpegViewer extends FrameViewer {
  /** Resolves when the server has taken the request, and so let it in or refused it. @throws Error when it cannot */
  readonly taken: Promise<unknown>;
  /** The answer's head. @throws Error naming any status but 200 */
  readonly answered: Promise<IncomingMessage["headers"]>;
}

/** Asks, and waits for nothing. */
export function startMjpegViewer(url: string, headers: Record<string, string> = {}): MjpegViewer {
  const sent = { origin: PAGE_ORIGIN, expect: "100-continue", ...headers };
  const asked = request(url, { headers: sent, agent: false });
  const arrivals = new AwaitableQueue();
  let paused = false;
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    asked.once("response", resolve);
    asked.once("error", reject);
  }).then((response) => {
    response.on("error", () => undefined);
    if (response.statusCode !== 200) {
      response.resume();
      throw new Error(`HTTP ${response.statusCode}`);
    }
    readParts(response, arrivals);
    if (paused) response.pause();
    return response.headers;
  });
  // Whoever is not interested in the head.
  answered.catch(() => undefined);
  const taken = Promise.race([new Promise((resolve) => asked.once("continue", resolve)), answered]);
  taken.catch(() => undefined);
  const closed = new Promise((resolve) => asked.once("close", resolve));
  asked.on("error", () => undefined);
  asked.end();
  return {
    taken,
    answered,
    next: () => arrivals.next(),
    acknowledge: () => undefined,
    closed,
    pause() {
      paused = true;
    },
    leave: () => asked.destroy(),
  };
}

/** For a page that is expected to be let in. */
export async function openMjpegViewer(url: string): Promise<MjpegViewer> {
  const viewer = startMjpegViewer(url);
  await viewer.taken;
  return viewer;
}

function readParts(response: IncomingMessage, arrivals: AwaitableQueue): void {
  const boundary = /boundary=(.+)$/.exec(response.headers["content-type"] ?? "")?.[1] ?? "";
  const part = Buffer.from(`--${boundary}\r\n`);
  let rest = Buffer.alloc(0);
  response.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    // As browsers do it: a part is over when the whole head of the next one is there.
    for (let end = endOf(rest, part); end >= 0; end = endOf(rest, part)) {
      const begin = rest.indexOf(HEAD_END) + HEAD_END.length;
      arrivals.push({
        head: rest.toString("latin1", 0, begin),
        bytes: Buffer.from(rest.subarray(begin, end - 2)),
      });
      rest = rest.subarray(end);
    }
  });
}

/** Where the next part begins, if its head is whole. */
function endOf(bytes: Buffer, part: Buffer): number {
  const next = bytes.indexOf(part, part.length);
  return next >= 0 && bytes.indexOf(HEAD_END, next) >= 0 ? next : -1;
}
