// Passes the plugin's MJPEG on under the host's own address, for pages that know a call's picture by its channel only.
// Subscribes for the reader and unsubscribes when it goes. Looks into no picture.

import { request as ask, type IncomingMessage, type ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import type { FrameSource } from "../../rpc-schema/index.ts";
import type { HostLink } from "../rpc/host-link.ts";
import { RequestError } from "./request-body.ts";

export interface Shown {
  readonly plugin: HostLink;
  readonly callId: string;
  readonly source: FrameSource;
  /** One of those that `initialize` named. */
  readonly origin: string;
}

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
    if (pictures?.statusCode !== 200) {
      pictures?.resume();
      response.writeHead(204, { Connection: "close" }).end();
      return;
    }
    response.writeHead(200, {
      "Content-Type": pictures.headers["content-type"] ?? "multipart/x-mixed-replace",
      "Cache-Control": "no-store",
      "X-Content-Type-Options": "nosniff",
      Connection: "close",
    });
    // A reader that goes, and a call that ends, both end the pipe early, which is no failure.
    await pipeline(pictures, response).catch(() => request.destroy());
  } finally {
    // It may have ended with its call.
    await plugin.request("frames.unsubscribe", { stream }).catch(() => undefined);
  }
}

/**
 * Waits as long as it takes: the plugin answers with its first picture.
 * @returns 204 for a call that ended without one; null when the reader has left
 */
function fetchPictures(url: string, origin: string, left: AbortSignal): Promise<IncomingMessage | null> {
  return new Promise((resolve, reject) => {
    const asked = ask(url, { headers: { origin }, agent: false, signal: left });
    asked.once("error", (error) =>
      left.aborted ? resolve(null) : reject(new RequestError(500, error.message)),
    );
    asked.once("response", (pictures) => {
      const { statusCode } = pictures;
      if (statusCode === 200 || statusCode === 204) resolve(pictures);
      else asked.destroy(new RequestError(500, `the plugin refused its pictures: ${statusCode}`));
    });
    asked.end();
  });
}
