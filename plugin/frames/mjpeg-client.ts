// A page that shows frames in an `<img>`: one endless multipart response whose parts replace each other.

import type { ServerResponse } from "node:http";
import type { FrameClient, FrameClientEvents } from "./frame-client.ts";

/** Long enough not to occur in a JPEG. */
const BOUNDARY = "goop-call-picture-7hQ2vN5xK9";
const CLOSING = Buffer.from(`\r\n--${BOUNDARY}--\r\n`);
/** A client that does not read the end of its response in this time is disconnected. */
const CLOSING_MS = 1_000;

/**
 * @param headers added to the response and to each part. WebKit treats a part's head like that of a separate response, and
 * denies the page a frame whose part lacks them
 */
export function createMjpegClient(
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
  events: FrameClientEvents,
): FrameClient {
  const repeated = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const part = `--${BOUNDARY}\r\nContent-Type: image/jpeg\r\n${repeated.join("")}\r\n`;
  // Browsers show a part when the next one begins. Without this each frame would be shown one frame late.
  const nextPart = Buffer.from(`\r\n${part}`);
  const newest = new LastFrame();
  response.on("error", () => undefined);
  response.once("close", () => events.onGone());
  // The response starts with the first frame. A multipart response without any part, as in an audio call or after a killed
  // plugin, crashes the page in WebKitGTK 2.50 when its `<img>` is hidden. WebKit decodes data that never arrived.
  const begin = (): void => {
    if (response.headersSent) return;
    response.writeHead(200, {
      ...headers,
      "Content-Type": `multipart/x-mixed-replace; boundary=${BOUNDARY}`,
      "Cache-Control": "no-store",
      "X-Content-Type-Options": "nosniff",
      Connection: "close",
    });
    response.write(part);
  };
  return {
    // Resolves when both are written. No other frame is encoded until then, so none queues behind a slow client.
    write: (_head, jpeg) =>
      new Promise((resolve, reject) => {
        newest.keep(jpeg);
        response.cork();
        begin();
        response.write(jpeg);
        response.write(nextPart, (error) => (error ? reject(error) : resolve()));
        response.uncork();
      }),
    close() {
      if (response.writableEnded) return;
      if (!response.headersSent) {
        response.writeHead(204, { ...headers, Connection: "close" }).end();
        return;
      }
      // In WebKitGTK with libsoup 3.2 a response without its closing delimiter (RFC 2046, section 5.1.1) reads as endless
      // empty parts. It then uses 100 % of a core until the page is gone, even without the `<img>`. The part that has begun
      // gets the newest frame again, because an empty part would show as a broken image.
      response.end(Buffer.concat([newest.bytes, CLOSING]));
      setTimeout(() => response.destroy(), CLOSING_MS).unref();
    },
  };
}

/** A copy of the last frame's bytes, in a reused buffer that grows when needed. */
class LastFrame {
  #buffer = Buffer.alloc(0);
  #length = 0;

  keep(bytes: Uint8Array): void {
    if (this.#buffer.length < bytes.length) this.#buffer = Buffer.alloc(2 * bytes.length);
    this.#buffer.set(bytes);
    this.#length = bytes.length;
  }

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }
}
