// Reads and changes session descriptions (SDP, RFC 8866) as text. Pure. The engine validates them. README.md has the
// measured effect of each change.

import type { Candidate } from "../../rpc-schema/index.ts";
import type { MediaFlow, NegotiatedDirections } from "./peer.ts";

/** The username fragments of a description's transports (RFC 8839 section 5.4). */
export function usernameFragments(sdp: string): Set<string> {
  return new Set([...sdp.matchAll(/^a=ice-ufrag:(\S+)/gm)].map((match) => match[1] ?? ""));
}

/** Read from its own field or, with libwebrtc, from the line: `… ufrag abcd network-id 1`. */
export function fragmentOf(candidate: Candidate): string | undefined {
  return candidate.usernameFragment || / ufrag (\S+)/.exec(candidate.candidate)?.[1];
}

/**
 * Limits the video that the engine sends to `bitrateBps`. Adds the line that the remote side would have written: b=AS in
 * kilobits per second (RFC 8866 section 5.8) in every video section. A lower limit of the remote side is kept.
 */
export function withVideoCeiling(sdp: string, bitrateBps: number): string {
  return mapSections(sdp, (section) => {
    if (!section.startsWith("m=video")) return section;
    const lines = section.split(/\r?\n/);
    if (lines.map(bandwidthBps).some((bps) => bps !== null && bps <= bitrateBps)) return section;
    const kept = lines.filter((line) => bandwidthBps(line) === null);
    // The grammar fixes the order: m, i, c, b, then the rest.
    const after = kept.findLastIndex((line, index) => index < 3 && /^[mic]=/.test(line));
    kept.splice(after + 1, 0, `b=AS:${Math.max(1, Math.floor(bitrateBps / 1000))}`);
    return kept.join("\r\n");
  });
}

/**
 * Removes transport-wide congestion control from an offer whose sender also supports receiver-side estimation
 * (goog-remb with abs-send-time). On the receiving side libwebrtc's older estimate rises higher, so the pacer spreads a
 * frame less and the jitter buffer halves. Other offers stay unchanged.
 */
export function withReceiverEstimate(sdp: string): string {
  const measures =
    /^a=extmap:\d+\S* \S*\/abs-send-time\s*$/m.test(sdp) && /^a=rtcp-fb:\S+ goog-remb\s*$/m.test(sdp);
  if (!measures) return sdp;
  return sdp
    .replace(/^a=extmap:\d+\S* \S*transport-wide-cc-extensions-01\r?\n/gm, "")
    .replace(/^a=rtcp-fb:\S+ transport-cc\r?\n/gm, "");
}

/**
 * Adds our candidates to the sections of their description, as if they had been gathered before it was made
 * (RFC 8839 section 5.1). Skips candidates that are present or name no section.
 */
export function withCandidates(sdp: string, candidates: readonly Candidate[]): string {
  const [session = "", ...media] = sdp.split(/^(?=m=)/m);
  const filled = media.map((section, index) => {
    const mid = /^a=mid:(\S+)/m.exec(section)?.[1];
    const present = new Set(section.match(/^a=candidate:.*$/gm)?.map((line) => line.trim()));
    const lines = candidates
      .filter((each) => (each.sdpMid ? each.sdpMid === mid : each.sdpMLineIndex === index))
      // The section names the fragment, and the engine writes lines without it too.
      .map(({ candidate }) => `a=${candidate.replace(/ ufrag \S+/, "")}`)
      .filter((line) => !present.has(line));
    const end = section.endsWith("\n") || lines.length === 0 ? "" : "\r\n";
    return `${section}${end}${lines.map((line) => `${line}\r\n`).join("")}`;
  });
  return [session, ...filled].join("");
}

const NOTHING: MediaFlow = { sends: false, receives: false };

/**
 * The directions that an answer allows, seen from our side (RFC 3264 section 6.1, RFC 8866 section 6.7).
 * @param isOurs whether the answer is ours
 */
export function directionsNegotiatedBy(answer: string, isOurs: boolean): NegotiatedDirections {
  const [session = "", ...media] = answer.split(/^(?=m=)/m);
  const usual = directionOf(session) ?? "sendrecv";
  const flowOf = (kind: "audio" | "video") =>
    media
      .filter((section) => section.startsWith(`m=${kind} `) && !section.startsWith(`m=${kind} 0 `))
      .map((section) => toFlow(directionOf(section) ?? usual, isOurs))
      .reduce(eitherFlow, NOTHING);
  return { audio: flowOf("audio"), video: flowOf("video") };
}

function directionOf(section: string): string | undefined {
  return /^a=(sendrecv|sendonly|recvonly|inactive)\s*$/m.exec(section)?.[1];
}

function toFlow(direction: string, isOurs: boolean): MediaFlow {
  const answerer = {
    sends: direction.startsWith("send"),
    receives: direction.endsWith("recv") || direction === "recvonly",
  };
  return isOurs ? answerer : { sends: answerer.receives, receives: answerer.sends };
}

function eitherFlow(one: MediaFlow, other: MediaFlow): MediaFlow {
  return { sends: one.sends || other.sends, receives: one.receives || other.receives };
}

/** The length of an Opus packet in milliseconds, half of the engine's default. */
const PACKET_MS = 10;

/**
 * Makes the engine send audio in packets of 10 ms instead of 20, by adding the line that the remote side would have written
 * (RFC 8866 section 6.4, a=ptime). Sound leaves 10 ms earlier and the remote jitter buffer is shorter, for 20 kb/s of
 * headers. A packet length requested by the remote side is kept.
 */
export function withShortPackets(sdp: string): string {
  return mapSections(sdp, (section) => {
    if (!section.startsWith("m=audio") || /^a=ptime:/m.test(section)) return section;
    return section.replace(/\r?\n$/, `\r\na=ptime:${PACKET_MS}\r\n`);
  });
}

/** Bits per second of a b=AS or b=TIAS line (RFC 3890); null for any other line. */
function bandwidthBps(line: string): number | null {
  const match = /^b=(AS|TIAS):(\d+)/.exec(line);
  if (match === null) return null;
  return Number(match[2]) * (match[1] === "AS" ? 1000 : 1);
}

/** Splits before every m-line. The first part is the session section. */
function mapSections(sdp: string, change: (section: string) => string): string {
  return sdp
    .split(/^(?=m=)/m)
    .map(change)
    .join("");
}
