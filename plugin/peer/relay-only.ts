// Keeps our addresses out of what the peer gets when media go only through a TURN server. The engine's policy `relay` gathers no
// other candidates; these functions make sure of it for every version of the engine. Each reads its input once.

import type { Candidate } from "../../rpc-schema/index.ts";

/** The type of a candidate line, RFC 8839 section 5.1; undefined without one. */
function typeOf(words: readonly string[]): string | undefined {
  return words[words.indexOf("typ") + 1];
}

/**
 * @param line `candidate:…`, also with `a=` before it
 * @returns the line of a relayed candidate without its related address, which is ours (RFC 8839 section 5.1: 0.0.0.0 or ::, and
 * port 9, hide it); null for a candidate of any other type
 */
function relayedLine(line: string): string | null {
  const words = line.split(" ");
  if (!words.includes("typ") || typeOf(words) !== "relay") return null;
  const related = words.indexOf("raddr") + 1;
  if (related > 0) words[related] = words[related]?.includes(":") ? "::" : "0.0.0.0";
  const port = words.indexOf("rport") + 1;
  if (port > 0) words[port] = "9";
  return words.join(" ");
}

/** @returns the candidate as the peer may get it; null for one that would show an address of ours */
export function relayedCandidate(candidate: Candidate): Candidate | null {
  const line = relayedLine(candidate.candidate);
  return line === null ? null : { ...candidate, candidate: line };
}

/**
 * @returns the description with relayed candidates only, and without an address in its c=, m= and a=rtcp: lines. An engine that
 * has gathered already fills them with its default candidate. ICE ignores them (RFC 8839 section 4.2.1.2: 0.0.0.0 and port 9)
 */
export function withRelayedOnly(sdp: string): string {
  return sdp
    .split("\r\n")
    .map(withoutAddress)
    .filter((line) => line !== null)
    .join("\r\n");
}

function withoutAddress(line: string): string | null {
  if (line.startsWith("a=candidate:")) return relayedLine(line);
  if (line.startsWith("c=")) return "c=IN IP4 0.0.0.0";
  if (line.startsWith("a=rtcp:")) return "a=rtcp:9 IN IP4 0.0.0.0";
  if (!line.startsWith("m=")) return line;
  const [kind = "", port, ...rest] = line.split(" ");
  return [kind, port === "0" ? "0" : "9", ...rest].join(" ");
}
