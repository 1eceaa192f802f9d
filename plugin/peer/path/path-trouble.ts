// Words for a call that finds no path. Pure. Hosts may show them, so they name servers as the setting does, and what would help.

/** How a TURN server answered, or failed to (W3C webrtc-pc section 4.8.1.4). */
export interface ServerAnswer {
  readonly code: number;
  readonly text: string;
}

export interface PathFacts {
  /** The TURN servers of the setting iceServers, in its writing. */
  readonly turnUrls: readonly string[];
  /** By URL. A server without an entry gave an address, or has not answered. */
  readonly answers: ReadonlyMap<string, ServerAnswer>;
  readonly isRelayOnly: boolean;
  /** At either side. */
  readonly hasRelay: boolean;
  readonly hasOwn: boolean;
  readonly hasRemote: boolean;
}

/** RFC 8489 section 14.8 and RFC 8656 section 15: answers about the user, not the server. */
const WRONG_USER = /^(?:400|401|431|438|441)$/;
/** More servers would only fill a log. */
const MAX_NAMED = 3;

/** @returns a sentence without capital and full stop */
export function describeTrouble(facts: PathFacts): string {
  const { turnUrls, hasRelay, hasRemote, hasOwn, isRelayOnly } = facts;
  if (hasOwn && !hasRemote) return "the other side named no network address";
  if (hasRelay) return "no packet came through between the two, not even through a TURN server";
  const start = isRelayOnly
    ? "the setting relayOnly allows TURN servers only"
    : "no direct path between the two networks";
  if (turnUrls.length === 0) return `${start}; a TURN server in the setting iceServers would help`;
  const named = turnUrls.slice(0, MAX_NAMED).map((url) => `${url} ${answerOf(facts.answers.get(url))}`);
  return `${start}, and ${named.join("; ")}`;
}

function answerOf(answer: ServerAnswer | undefined): string {
  if (answer === undefined) return "has not answered";
  const { code } = answer;
  const text = answer.text.replace(/\.$/, "");
  if (WRONG_USER.test(String(code))) return `refused username or credential (${code} ${text})`;
  if (code !== 701) return `refused (${code} ${text})`;
  if (/lookup|getaddrinfo/i.test(text)) return "has a name without an address";
  if (/timed out/i.test(text)) return "did not answer";
  return text === "" ? "could not be reached" : `could not be reached (${text})`;
}
