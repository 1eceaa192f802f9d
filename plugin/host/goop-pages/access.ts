// Who may use the proxied pages: a browser that opened the printed address, on pages of this server's own origin.

import type { IncomingMessage } from "node:http";
import { isOwnHost, isSameToken } from "../../http/loopback.ts";

export interface AccessRules {
  /** Browsers send a cookie to all ports of one host, so its name holds the port of the pages. */
  readonly cookieName: string;
  readonly token: string;
  /** Whether pages of another port of this machine may show these pages in a frame. */
  readonly isFramedByOthers: boolean;
}

export interface Refusal {
  readonly status: 400 | 401 | 403;
  readonly why: string;
}

/** @returns undefined when the request may pass */
export function refusalOf(request: IncomingMessage, rules: AccessRules): Refusal | undefined {
  if (!isOwnHost(request)) return refuse(403, "this server answers only to its own address");
  // The absolute form of a request line names a host of its own (RFC 9112, section 3.2.2).
  if (!request.url?.startsWith("/")) return refuse(400, "the request line must hold a path");
  if (!isOwnPage(request, rules)) return refuse(403, "only pages of this server may send requests");
  if (!isSameToken(cookieOf(request, rules.cookieName), rules.token)) {
    return refuse(401, "Open the address that the bridge printed. This one has no token, or an old one.");
  }
  return undefined;
}

const refuse = (status: Refusal["status"], why: string): Refusal => ({ status, why });

/** A WebSocket is not bound by the browser's rules for foreign pages, so its Origin must be there. */
export function isOwnOrigin({ headers }: IncomingMessage): boolean {
  return headers.origin === `http://${headers.host}`;
}

/** Whether the browser loads a page, in a tab or a frame. Browsers without Fetch Metadata name HTML first. */
export function isNavigation({ headers }: IncomingMessage): boolean {
  const mode = headers["sec-fetch-mode"];
  return mode === undefined ? (headers.accept ?? "").startsWith("text/html") : mode === "navigate";
}

/** Browsers name the page that sends a request (Fetch Metadata). Other programs do not, and need only the token. */
function isOwnPage(request: IncomingMessage, rules: AccessRules): boolean {
  const { headers, method } = request;
  if (headers.origin !== undefined && !isOwnOrigin(request)) return false;
  const site = headers["sec-fetch-site"];
  if (site === undefined || site === "same-origin" || site === "none") return true;
  // A link from another port of this machine, such as from a peer's site.
  const isFramed = headers["sec-fetch-dest"] !== "document";
  const isLink = site === "same-site" && headers["sec-fetch-mode"] === "navigate" && method === "GET";
  return isLink && (!isFramed || rules.isFramedByOthers);
}

function cookieOf({ headers }: IncomingMessage, name: string): string {
  for (const [key, value] of cookiesOf(headers.cookie)) if (key === name) return value;
  return "";
}

/** @returns the header without one cookie, or undefined when nothing is left */
export function withoutCookie(header: string | undefined, name: string): string | undefined {
  const others = cookiesOf(header).filter(([key]) => key !== name);
  return others.length === 0 ? undefined : others.map(([key, value]) => `${key}=${value}`).join("; ");
}

function cookiesOf(header = ""): [string, string][] {
  return header.split(";").flatMap((pair): [string, string][] => {
    const end = pair.indexOf("=");
    return end < 0 ? [] : [[pair.slice(0, end).trim(), pair.slice(end + 1).trim()]];
  });
}
