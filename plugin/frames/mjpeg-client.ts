// A page that shows pictures in an `<img>`: one endless answer whose parts replace each other. Knows neither streams nor
// who may connect.

import type { ServerResponse } from "node:http";
import type { FrameClient, FrameClientEvents } from "./frame-client.ts";

/** Long enough not to occur in a JPEG. */
const BOUNDARY = "goop-call-picture-7hQ2vN5xK9";
const CLOSING = Buffer.from(`\r\n--${BOUNDARY}--\r\n`);
/** A reader that does not take the end of its answer in this time is cut off. */
const CLOSING_MS = 1_000;

/**
 * @param headers beside those that the way itself needs; each part repeats them, because WebKit takes a part's head for
 * that of an answer of its own, and would not let the page have a picture whose head does not allow it
 */
export function createMjpegClient(
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
  events: FrameClientEvents,
): FrameClient {
  const repeated = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const part = `--${BOUNDARY}\r\nContent-Type: image/jpeg\r\n${repeated.join("")}\r\n`;
  // Browsers show a part when the next one begins: without this each picture would be shown with the one after it.
  const nextPart = Buffer.from(`\r\n${part}`);
  const newest = new Kept();
  response.on("error", () => undefined);
  response.once("close", () => events.onGone());
  // Not before there is a picture: an answer of parts that ends without one, as an audio call's or a killed plugin's does,
  // crashes the page in WebKitGTK 2.50 (it decodes data that never came) when its `<img>` is next hidden.
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
    // Calls back when both have left: until then no other picture is made, so none queues behind a slow reader.
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
      // WebKitGTK with libsoup 3.2 takes an answer that stops without its closing delimiter (RFC 2046, section 5.1.1)
      // for empty parts without end, and computes at 100 % until its page goes, even without the `<img>`. The part that has
      // begun gets the newest picture once more: left empty, it would replace what is shown by a broken image.
      response.end(Buffer.concat([newest.bytes, CLOSING]));
      setTimeout(() => response.destroy(), CLOSING_MS).unref();
    },
  };
}

/** A picture's bytes beyond its writing, in a buffer that grows as it must and is used again. */
class Kept {
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
