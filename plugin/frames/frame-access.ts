// Access control of the frame server: only pages of the host's `pageOrigins` may fetch, with the stream's token. Pure.

import type { IncomingHttpHeaders } from "node:http";
import { isSameToken, LOOPBACK } from "../http/loopback.ts";

/** The path of a stream. Each stream has its own token, so that a page cannot fetch another's stream. */
export function framePath(stream: string, token: string): string {
  return `/pictures/${stream}?token=${token}`;
}

/** @returns the stream and the token in a request's path; null for any other path */
export function readFramePath(url: string): { stream: string; token: string } | null {
  const found = /^\/pictures\/([A-Za-z0-9_-]{1,64})\?token=([A-Za-z0-9_-]{1,128})$/.exec(url);
  return found?.[1] && found[2] ? { stream: found[1], token: found[2] } : null;
}

/** False also for an unknown stream, so that a client cannot distinguish it from a wrong token. */
export function hasStreamToken(token: string, expected: string | undefined): boolean {
  return expected !== undefined && isSameToken(token, expected);
}

/** Every browser sends Origin with a WebSocket (RFC 6455, 10.2), so a request without it does not come from a page. */
export function mayOpenSocket(headers: IncomingHttpHeaders, origins: readonly string[]): boolean {
  return headers.origin !== undefined && origins.includes(headers.origin);
}

/**
 * The request of an `<img>` without `crossorigin` has no Origin header. Then Referer and Fetch Metadata
 * (https://www.w3.org/TR/fetch-metadata/) must match if present. They show whether a foreign site embeds the image.
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

/** The Sec-Fetch-Site value of a request from that page to us. Scheme and host name decide it; the port does not. */
function siteOf(origin: string, host: string | undefined): string {
  const ours = host?.split(":", 1)[0] ?? LOOPBACK;
  const { protocol, hostname } = new URL(origin);
  return protocol === "http:" && hostname === ours ? "same-site" : "cross-site";
}
