// Forwards one request to Goop² and its answer to the browser. Bodies are streamed in both directions, without a limit on
// their size or duration: Goop²'s event streams last as long as the page.

import { request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { PassThrough, type Readable, type Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from "node:zlib";
import { errorText } from "../../common/error-text.ts";
import { isNavigation } from "./access.ts";
import { answerHeaders, ownLocation, type ProxyRoute, requestHeaders } from "./headers.ts";
import { HtmlRewriter } from "./html-rewriter.ts";

export interface ForwardRoute extends ProxyRoute {
  /** Inserted into pages that the browser loads. Undefined leaves pages as they are. */
  readonly headStart: string | undefined;
}

const DECODERS: Readonly<Record<string, () => Transform>> = {
  identity: () => new PassThrough(),
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
};

/** Answers 502 when Goop² does not answer, or redirects to another host. Never rejects. */
export async function forward(
  request: IncomingMessage,
  response: ServerResponse,
  route: ForwardRoute,
): Promise<void> {
  try {
    await sendAnswer(request, response, await askGoop(request, response, route), route);
  } catch (error) {
    if (response.headersSent) response.destroy();
    else sendText(response, 502, `Goop² at ${route.goop.origin} does not answer: ${errorText(error)}`);
  }
}

export function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store" });
  response.end(`${text}\n`);
}

/** @throws Error of node:net when Goop² does not answer */
function askGoop(
  request: IncomingMessage,
  response: ServerResponse,
  route: ForwardRoute,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { goop } = route;
    const outgoing = httpRequest(goop, {
      method: request.method ?? "GET",
      path: request.url ?? "/",
      headers: requestHeaders(request, route),
      // A kept connection would be lost when Goop² restarts, together with the request that was written to it.
      agent: false,
    });
    outgoing.once("response", resolve);
    outgoing.on("error", reject);
    response.once("close", () => outgoing.destroy());
    // Goop² may answer and close before it has read the whole body. Its answer counts then.
    pipeline(request, outgoing).catch(reject);
  });
}

async function sendAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  answer: IncomingMessage,
  route: ForwardRoute,
): Promise<void> {
  const decode = DECODERS[answer.headers["content-encoding"] ?? "identity"];
  const { headStart } = route;
  const isPage = headStart !== undefined && decode !== undefined && isPageAnswer(request, answer);
  const headers = answerHeaders(answer, route, isPage);
  const { location } = answer.headers;
  if (location !== undefined) {
    const own = ownLocation(location, request.url ?? "/", route);
    if (own === undefined) {
      answer.destroy();
      sendText(response, 502, "Goop² redirects to another host. The bridge does not follow.");
      return;
    }
    headers.location = own;
  }
  response.writeHead(answer.statusCode ?? 502, headers);
  // The head of an event stream must not wait for its first event.
  response.flushHeaders();
  const changes = { headStart: headStart ?? "", origins: route.goopOrigins, ownOrigin: route.ownOrigin };
  const steps: (Readable | Transform)[] = isPage ? [answer, decode(), new HtmlRewriter(changes)] : [answer];
  await pipeline([...steps, response]);
}

/** A part of a page, which a script fetches, stays as it is. So does a range. */
function isPageAnswer(request: IncomingMessage, { headers, statusCode }: IncomingMessage): boolean {
  const [type = ""] = (headers["content-type"] ?? "").split(";");
  const isHtml = type.trim().toLowerCase() === "text/html";
  const hasBody = request.method === "GET" || request.method === "POST";
  return isHtml && hasBody && statusCode !== 206 && isNavigation(request);
}
