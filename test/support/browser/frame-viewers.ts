// Clients of the plugin's frame server that behave like a page: they receive frames, acknowledge, pause, and disconnect.

import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { WebSocket } from "ws";

export const PAGE_ORIGIN = "http://127.0.0.1:8080";

const HEAD_END = "\r\n\r\n";

/** One received frame. Values that the delivery does not carry are undefined. */
export interface ReceivedFrame {
  readonly bytes: Buffer;
  /** The header of an MJPEG part. */
  readonly head?: string;
  readonly seq?: number;
  readonly capturedAt?: number;
  readonly width?: number;
  readonly height?: number;
}

/** A connected page. */
export interface FrameViewer {
  /** @returns the next frame, waiting for it if necessary */
  next(): Promise<ReceivedFrame>;
  acknowledge(seq: number): void;
  /** Resolves when the server has closed the connection. */
  readonly closed: Promise<unknown>;
  /** Stops reading from the connection, like a page that hangs. */
  pause(): void;
  leave(): void;
}

/** A queue of received frames. */
class FrameQueue {
  readonly #queued: ReceivedFrame[] = [];
  readonly #waiting: ((frame: ReceivedFrame) => void)[] = [];

  push(frame: ReceivedFrame): void {
    const waiting = this.#waiting.shift();
    if (waiting) waiting(frame);
    else this.#queued.push(frame);
  }

  next(): Promise<ReceivedFrame> {
    const frame = this.#queued.shift();
    return frame ? Promise.resolve(frame) : new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/** @throws Error with the HTTP status of a refusal */
export async function openSocketViewer(
  url: string,
  headers: Record<string, string> = {},
): Promise<FrameViewer> {
  const socket = new WebSocket(url, { headers: { origin: PAGE_ORIGIN, ...headers } });
  const frames = new FrameQueue();
  socket.on("message", (data: Buffer) => {
    const [seq, capturedAt] = [data.readUInt32BE(0), data.readDoubleBE(4)];
    const [width, height] = [data.readUInt16BE(12), data.readUInt16BE(14)];
    frames.push({ seq, capturedAt, width, height, bytes: data.subarray(16) });
  });
  const closed = new Promise((resolve) => socket.once("close", resolve));
  await new Promise<void>((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("unexpected-response", (_request, { statusCode }) => reject(new Error(`HTTP ${statusCode}`)));
    socket.on("error", reject);
  });
  return {
    next: () => frames.next(),
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

/** @returns the status of a request. The body is discarded */
export async function statusOf(
  url: string,
  headers: Record<string, string> = {},
  method = "GET",
): Promise<number> {
  const sent = request(url.replace(/^ws:/, "http:"), { headers, method, agent: false });
  sent.end();
  const [response]: [IncomingMessage] = (await once(sent, "response")) as [IncomingMessage];
  response.destroy();
  return response.statusCode ?? 0;
}

/** A client that behaves like an `<img>`. The server responds when it has the first frame. */
interface MjpegViewer extends FrameViewer {
  /** Resolves when the server has accepted or refused the request. @throws Error when the connection fails */
  readonly taken: Promise<unknown>;
  /** The response headers. @throws Error with the status when it is not 200 */
  readonly answered: Promise<IncomingMessage["headers"]>;
}

/** Sends the request without waiting for the response. */
export function startMjpegViewer(url: string, headers: Record<string, string> = {}): MjpegViewer {
  const allHeaders = { origin: PAGE_ORIGIN, expect: "100-continue", ...headers };
  const sent = request(url, { headers: allHeaders, agent: false });
  const frames = new FrameQueue();
  let paused = false;
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    sent.once("response", resolve);
    sent.once("error", reject);
  }).then((response) => {
    response.on("error", () => undefined);
    if (response.statusCode !== 200) {
      response.resume();
      throw new Error(`HTTP ${response.statusCode}`);
    }
    readParts(response, frames);
    if (paused) response.pause();
    return response.headers;
  });
  // A test may ignore the response.
  answered.catch(() => undefined);
  const taken = Promise.race([new Promise((resolve) => sent.once("continue", resolve)), answered]);
  taken.catch(() => undefined);
  const closed = new Promise((resolve) => sent.once("close", resolve));
  sent.on("error", () => undefined);
  sent.end();
  return {
    taken,
    answered,
    next: () => frames.next(),
    acknowledge: () => undefined,
    closed,
    pause() {
      paused = true;
    },
    leave: () => sent.destroy(),
  };
}

/** Waits until the server has accepted the request. */
export async function openMjpegViewer(url: string): Promise<MjpegViewer> {
  const viewer = startMjpegViewer(url);
  await viewer.taken;
  return viewer;
}

function readParts(response: IncomingMessage, frames: FrameQueue): void {
  const boundary = /boundary=(.+)$/.exec(response.headers["content-type"] ?? "")?.[1] ?? "";
  const part = Buffer.from(`--${boundary}\r\n`);
  let rest = Buffer.alloc(0);
  response.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    // As in browsers, a part ends when the whole header of the next one has arrived.
    for (let end = endOf(rest, part); end >= 0; end = endOf(rest, part)) {
      const begin = rest.indexOf(HEAD_END) + HEAD_END.length;
      frames.push({
        head: rest.toString("latin1", 0, begin),
        bytes: Buffer.from(rest.subarray(begin, end - 2)),
      });
      rest = rest.subarray(end);
    }
  });
}

/** @returns the offset of the next part when its header is complete, else -1 */
function endOf(bytes: Buffer, part: Buffer): number {
  const next = bytes.indexOf(part, part.length);
  return next >= 0 && bytes.indexOf(HEAD_END, next) >= 0 ? next : -1;
}
