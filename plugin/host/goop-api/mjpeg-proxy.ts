// Proxies the plugin's MJPEG stream under the host's own address, for pages that know only a call's channel id. Subscribes
// for the client and unsubscribes when it leaves.

import { request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { finished } from "node:stream/promises";
import type { FrameSource } from "../../../rpc-schema/index.ts";
import type { HostLink } from "../../rpc/host-link.ts";
import { RequestError } from "./request-body.ts";

export interface MjpegSource {
  readonly plugin: HostLink;
  readonly callId: string;
  readonly source: FrameSource;
  /** One of `pageOrigins` of `initialize`. */
  readonly origin: string;
}

/** The plugin accepts a request at once or never. Its answer comes with the first frame, which may take any time. */
const ACCEPT_TIMEOUT_MS = 5_000;

/** Resolves when the client has left or the call has ended. @throws RequestError before the answer has begun */
export async function sendMjpeg(
  { plugin, callId, source, origin }: MjpegSource,
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
    const mjpeg = await openMjpeg(url, origin, left.signal);
    if (mjpeg === null) {
      response.writeHead(204, { Connection: "close" }).end();
      return;
    }
    response.writeHead(200, {
      "Content-Type": mjpeg.headers["content-type"] ?? "multipart/x-mixed-replace",
      "Cache-Control": "no-store",
      "X-Content-Type-Options": "nosniff",
      Connection: "close",
    });
    // A plugin that dies leaves the stream without its last delimiter. WebKitGTK then loops on it without end (see
    // plugin/frames/mjpeg-client.ts), but gives up a connection that is reset.
    mjpeg.pipe(response);
    await finished(mjpeg).catch(() => request.socket.resetAndDestroy());
  } finally {
    // The stream may have ended with its call.
    await plugin.request("frames.unsubscribe", { stream }).catch(() => undefined);
  }
}

/**
 * The timeout holds until the plugin has accepted the request (100 Continue, RFC 9110 section 10.1.1). Afterwards the
 * client, the call or the plugin ends the stream.
 * @returns null without a first frame: the call has ended, or the client has left
 */
function openMjpeg(url: string, origin: string, left: AbortSignal): Promise<IncomingMessage | null> {
  return new Promise((resolve, reject) => {
    const headers = { origin, expect: "100-continue" };
    const outgoing = httpRequest(url, { headers, agent: false, signal: left, timeout: ACCEPT_TIMEOUT_MS });
    outgoing.once("timeout", () =>
      outgoing.destroy(
        new RequestError(500, `the plugin accepted no request for frames within ${ACCEPT_TIMEOUT_MS} ms`),
      ),
    );
    outgoing.once("continue", () => outgoing.setTimeout(0));
    outgoing.once("error", (error) =>
      left.aborted ? resolve(null) : reject(new RequestError(500, error.message)),
    );
    outgoing.once("response", (response) => {
      const { statusCode } = response;
      if (statusCode === 200) resolve(response);
      else if (statusCode === 204) resolve(null);
      else outgoing.destroy(new RequestError(500, `the plugin refused its frames: ${statusCode}`));
    });
    outgoing.end();
  });
}
