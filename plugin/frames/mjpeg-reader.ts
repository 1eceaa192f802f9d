// A page that shows pictures in an `<img>`: one endless answer whose parts replace each other. Knows neither streams nor
// who may connect.

import type { ServerResponse } from "node:http";
import type { PictureReader, ReaderEvents } from "./picture-reader.ts";

/** Long enough not to occur in a JPEG. */
const BOUNDARY = "goop-call-picture-7hQ2vN5xK9";
const PART = `--${BOUNDARY}\r\nContent-Type: image/jpeg\r\n\r\n`;
/** Browsers show a part when the next one begins: without this each picture would be shown with the one after it. */
const NEXT_PART = Buffer.from(`\r\n${PART}`);

/** @param headers beside those that the way itself needs */
export function createMjpegReader(
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
  events: ReaderEvents,
): PictureReader {
  response.writeHead(200, {
    ...headers,
    "Content-Type": `multipart/x-mixed-replace; boundary=${BOUNDARY}`,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    Connection: "close",
  });
  response.write(PART);
  response.on("error", () => undefined);
  response.once("close", () => events.onGone());
  return {
    // Calls back when both have left: until then no other picture is made, so none queues behind a slow reader.
    write: (_head, jpeg) =>
      new Promise((resolve, reject) => {
        response.cork();
        response.write(jpeg);
        response.write(NEXT_PART, (error) => (error ? reject(error) : resolve()));
        response.uncork();
      }),
    close: () => response.destroy(),
  };
}
