// The headers of a request to Goop², and of its answer to the browser (RFC 9110, section 7.6).

import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { isNavigation, withoutCookie } from "./access.ts";
import { extendPolicy, type PolicyNeeds } from "./security-policy.ts";

/** One of the two servers: Goop²'s own pages, or the sites of peers. */
export interface ProxyRoute {
  /** Where Goop² answers. */
  readonly goop: URL;
  /** Addresses by which Goop² may name itself. */
  readonly goopOrigins: readonly string[];
  /** The address of this server. */
  readonly ownOrigin: string;
  /** The cookie of the session, which Goop² and the sites of peers must not see. */
  readonly cookieName: string;
  /** What a page with a content security policy must allow. */
  readonly policyNeeds: PolicyNeeds;
}

/** Headers of one connection, which a proxy does not pass on. */
const HOP_BY_HOP = ["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding"];
const PROXY_ONLY = ["upgrade", "proxy-authorization", "proxy-authenticate", "expect"];
/** They would let other origins read the answers, or send the browser elsewhere. */
const CROSS_ORIGIN = ["access-control-allow-origin", "access-control-allow-credentials", "refresh"];
/** They describe the bytes of a page before it was changed. */
const OF_BYTES = ["content-length", "content-encoding", "etag", "last-modified", "accept-ranges", "digest"];

export function requestHeaders(request: IncomingMessage, route: ProxyRoute): OutgoingHttpHeaders {
  const { goop, cookieName, ownOrigin } = route;
  const headers = withoutConnection(request.headers);
  headers.host = goop.host;
  const cookie = withoutCookie(request.headers.cookie, cookieName);
  if (cookie === undefined) delete headers.cookie;
  else headers.cookie = cookie;
  if (headers.origin !== undefined) headers.origin = goop.origin;
  if (request.headers.referer?.startsWith(`${ownOrigin}/`)) {
    headers.referer = goop.origin + request.headers.referer.slice(ownOrigin.length);
  }
  if (isNavigation(request)) {
    headers["accept-encoding"] = "identity";
    // A page that the browser kept from an earlier session holds an old token.
    delete headers["if-none-match"];
    delete headers["if-modified-since"];
  }
  return headers;
}

/** @param isChanged the body is rewritten on its way */
export function answerHeaders(
  answer: IncomingMessage,
  route: ProxyRoute,
  isChanged: boolean,
): OutgoingHttpHeaders {
  const headers = withoutConnection(answer.headers);
  for (const name of CROSS_ORIGIN) delete headers[name];
  const policy = answer.headers["content-security-policy"];
  if (policy !== undefined)
    headers["content-security-policy"] = extendPolicy(String(policy), route.policyNeeds);
  const cookies = (answer.headers["set-cookie"] ?? []).filter((one) => !setsCookie(one, route.cookieName));
  if (cookies.length > 0) headers["set-cookie"] = cookies.map(withoutDomain);
  else delete headers["set-cookie"];
  if (isChanged) {
    for (const name of OF_BYTES) delete headers[name];
    headers["cache-control"] = "no-store";
  }
  return headers;
}

/**
 * @param location the header of a redirect, also a relative one
 * @param path the path that was requested
 * @returns its address on this server, or undefined when it leads elsewhere
 */
export function ownLocation(
  location: string,
  path: string,
  { goop, goopOrigins, ownOrigin }: ProxyRoute,
): string | undefined {
  const target = URL.parse(location, goop.origin + path);
  if (!target || !goopOrigins.includes(target.origin)) return undefined;
  return ownOrigin + target.pathname + target.search + target.hash;
}

function withoutConnection(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const named = (headers.connection ?? "").split(",").map((name) => name.trim().toLowerCase());
  const dropped = new Set([...HOP_BY_HOP, ...PROXY_ONLY, ...named]);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped.has(name)));
}

const setsCookie = (line: string, name: string): boolean => line.split("=", 1)[0]?.trim() === name;

/** The browser would refuse the domain of another host. */
const withoutDomain = (line: string): string => line.replace(/;\s*domain=[^;]*/gi, "");
