// Who may fetch pictures from the loopback server: the page that the host named, with the token of its stream, through
// nobody else's name. Pure; knows no sockets.

import type { IncomingHttpHeaders } from "node:http";
import { isSameToken, LOOPBACK } from "../http/loopback.ts";

/** Where a stream is fetched. The token is of this stream alone, so that no page can take another's. */
export function framePath(stream: string, token: string): string {
  return `/pictures/${stream}?token=${token}`;
}

/** @returns the stream that a request names and the token it shows; null for any other path */
export function readFramePath(url: string): { stream: string; token: string } | null {
  const found = /^\/pictures\/([A-Za-z0-9_-]{1,64})\?token=([A-Za-z0-9_-]{1,128})$/.exec(url);
  return found?.[1] && found[2] ? { stream: found[1], token: found[2] } : null;
}

/** False for a stream that does not exist, which an asker is not told apart from a wrong token. */
export function hasStreamToken(token: string, expected: string | undefined): boolean {
  return expected !== undefined && isSameToken(token, expected);
}

/** Every browser names the page that opens a WebSocket (RFC 6455, 10.2), so one without Origin is none of the page's. */
export function mayOpenSocket(headers: IncomingHttpHeaders, origins: readonly string[]): boolean {
  return headers.origin !== undefined && origins.includes(headers.origin);
}

/**
 * An `<img>` without `crossorigin` names no origin; then whatever the browser does say must fit: Referer, and Fetch
 * Metadata (https://www.w3.org/TR/fetch-metadata/), by which a picture on a foreign site is told from one on our page.
 */
export function mayLoadImage(headers: IncomingHttpHeaders, origins: readonly string[]): boolean {
  const { origin, referer } = headers;
  if (origin !== undefined) return origins.includes(origin);
  if (referer !== undefined && !origins.some((known) => referer.startsWith(`${known}/`))) return false;
  const destination = headers["sec-fetch-dest"];
  if (destination !== undefined && destination !== "image") return false;
  const site = headers["sec-fetch-site"];
  return site === undefined || origins.some((known) => site === siteOf(known, headers.host));
}

/** What a browser calls a request from that page to us: a port makes no other site, a scheme or a name does. */
function siteOf(origin: string, host: string | undefined): string {
  const ours = host?.split(":", 1)[0] ?? LOOPBACK;
  const { protocol, hostname } = new URL(origin);
  return protocol === "http:" && hostname === ours ? "same-site" : "cross-site";
}
