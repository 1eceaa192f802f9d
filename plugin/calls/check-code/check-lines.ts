// The lines of a session description that concern the check code.

import { attributesOf, splitLines } from "../../peer/sdp.ts";

/** The attribute of an offer. Receivers ignore attributes that they do not know (RFC 8866 section 5.13). */
export const COMMITMENT = "goop-check-commitment";
/** The attribute of an answer. */
export const NONCE = "goop-check-nonce";
/** 32 bytes in hex. */
const VALUE = /^[0-9a-f]{64}$/;
const MAX_FINGERPRINT_CHARS = 256;

/**
 * The fingerprint of the description's certificate (RFC 8122 section 5), which all of its sections share.
 * @returns null without one, and where there are several: the code would not show which of them the engine uses
 */
export function fingerprintOf(sdp: string): string | null {
  let found: string | null = null;
  for (const value of attributesOf(splitLines(sdp), "fingerprint")) {
    const one = value.toLowerCase();
    if (one.length > MAX_FINGERPRINT_CHARS || (found !== null && found !== one)) return null;
    found = one;
  }
  return found;
}

/** @returns the value of the line; null without such a line, and where there are several or it is malformed */
export function checkValueOf(sdp: string, line: typeof COMMITMENT | typeof NONCE): string | null {
  const [value, another] = attributesOf(splitLines(sdp), line);
  return value !== undefined && another === undefined && VALUE.test(value) ? value : null;
}

/** @returns the description with the line at the end of its session section */
export function withCheckLine(sdp: string, line: typeof COMMITMENT | typeof NONCE, value: string): string {
  const media = sdp.startsWith("m=") ? 0 : sdp.indexOf("\nm=") + 1;
  return media === 0 ? sdp : `${sdp.slice(0, media)}a=${line}:${value}\r\n${sdp.slice(media)}`;
}
