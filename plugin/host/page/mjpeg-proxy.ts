// Passes the plugin's MJPEG on under the host's own address, for pages that know a call's picture by its channel only.
// Subscribes for the reader and unsubscribes when it goes. Looks into no picture.

import { request as ask, type IncomingMessage, type ServerResponse } from "node:http";
import { finished } from "node:stream/promises";
import type { FrameSource } from "../../../rpc-schema/index.ts";
import type { HostLink } from "../../rpc/host-link.ts";
import { RequestError } from "../goop-api/request-body.ts";

export interface Shown {
  readonly plugin: HostLink;
  readonly callId: string;
  readonly source: FrameSource;
  /** One of those that `initialize` named. */
  readonly origin: string;
}

/** The plugin takes a request at once or not at all; its answer comes with the first picture, whenever that is. */
const TAKE_TIMEOUT_MS = 5_000;

/** Resolves when the reader has gone or the call has ended. @throws RequestError before the answer has begun */
export async function sendMjpeg(
  { plugin, callId, source, origin }: Shown,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const left = new AbortController();
  response.once("close", () => left.abort());
  const { stream, url = "" } = await plugin.request("frames.subscribe", {
    callId,
    source,
    delivery: "mjpeg",
  });
  try {
    const pictures = await fetchPictures(url, origin, left.signal);
    if (pictures === null) {
      response.writeHead(204, { Connection: "close" }).end();
      return;
    }
    response.writeHead(200, {
      "Content-Type": pictures.headers["content-type"] ?? "multipart/x-mixed-replace",
      "Cache-Control": "no-store",
      "X-Content-Type-Options": "nosniff",
      Connection: "close",
    });
    // Ends with the call, and with a reader that goes. A plugin that dies breaks off without the last delimiter, on which
    // WebKitGTK computes without end (see plugin/frames/mjpeg-client.ts); a connection that is reset it lets go.
    pictures.pipe(response);
    await finished(pictures).catch(() => request.socket.resetAndDestroy());
  } finally {
    // It may have ended with its call.
    await plugin.request("frames.unsubscribe", { stream }).catch(() => undefined);
  }
}

/**
 * Bounded until the plugin has taken the request (100 Continue, RFC 9110 section 10.1.1), then by reader, call and plugin.
 * @returns null where there are no pictures: the call ended before its first, or the reader has left
 */
function fetchPictures(url: string, origin: string, left: AbortSignal): Promise<IncomingMessage | null> {
  return new Promise((resolve, reject) => {
    const headers = { origin, expect: "100-continue" };
    const asked = ask(url, { headers, agent: false, signal: left, timeout: TAKE_TIMEOUT_MS });
    asked.once("timeout", () =>
      asked.destroy(
        new RequestError(500, `the plugin took no request for pictures in ${TAKE_TIMEOUT_MS} ms`),
      ),
    );
    asked.once("continue", () => asked.setTimeout(0));
    asked.once("error", (error) =>
      left.aborted ? resolve(null) : reject(new RequestError(500, error.message)),
    );
    asked.once("response", (pictures) => {
      const { statusCode } = pictures;
      if (statusCode === 200) resolve(pictures);
      else if (statusCode === 204) resolve(null);
      else asked.destroy(new RequestError(500, `the plugin refused its pictures: ${statusCode}`));
    });
    asked.end();
  });
}
