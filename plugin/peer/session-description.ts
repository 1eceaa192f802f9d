// Reads and changes session descriptions (SDP, RFC 8866) as text. Pure. The engine validates them. README.md has the
// measured effect of each change.

import type { Candidate } from "../../rpc-schema/index.ts";
import type { MediaFlow, NegotiatedDirections, SoundPacketKind } from "./peer.ts";
import {
  attributeName,
  attributeOf,
  attributesOf,
  kindOf,
  mapSections,
  portOf,
  readSections,
  type SdpSection,
  splitLines,
  withLineEnd,
  wordsOf,
  writeSections,
} from "./sdp.ts";

/** The username fragments of a description's transports (RFC 8839 section 5.4). */
export function usernameFragments(sdp: string): Set<string> {
  return new Set(attributesOf(splitLines(sdp), "ice-ufrag").filter((fragment) => fragment !== ""));
}

/** Read from its own field or, with libwebrtc, from the line: `… ufrag abcd network-id 1`. */
export function fragmentOf(candidate: Candidate): string | undefined {
  return candidate.usernameFragment || fragmentIn(candidate.candidate);
}

function fragmentIn(line: string): string | undefined {
  const words = wordsOf(line);
  const at = words.indexOf("ufrag");
  return at < 0 ? undefined : words[at + 1];
}

/** The section names the fragment, and the engine writes lines without it too. */
function withoutFragment(line: string): string {
  const words = wordsOf(line);
  const at = words.indexOf("ufrag");
  return (at < 0 ? words : words.toSpliced(at, 2)).join(" ");
}

/**
 * Limits the video that the engine sends to `bitrateBps`. Adds the line that the remote side would have written: b=AS in
 * kilobits per second (RFC 8866 section 5.8) in every video section. A lower limit of the remote side is kept.
 */
export function withVideoCeiling(sdp: string, bitrateBps: number): string {
  return mapSections(sdp, (section) => {
    if (kindOf(section) !== "video") return section;
    if (section.map(bandwidthBps).some((bps) => bps !== null && bps <= bitrateBps)) return section;
    const kept = withLineEnd(section.filter((line) => bandwidthBps(line) === null));
    // The grammar fixes the order: m, i, c, b, then the rest.
    const after = kept.slice(0, 3).findLastIndex((line) => HEAD_LINES.has(line.slice(0, 2)));
    return kept.toSpliced(after + 1, 0, `b=AS:${Math.max(1, Math.floor(bitrateBps / 1000))}\r\n`);
  });
}

const HEAD_LINES: ReadonlySet<string> = new Set(["m=", "i=", "c="]);

const TRANSPORT_WIDE = "transport-wide-cc-extensions-01";

/**
 * Lets the remote side estimate the bandwidth of what we send: removes the extension that numbers our packets for reports about
 * each, if that side also supports receiver-side estimation (goog-remb with abs-send-time). On the receiving side libwebrtc's older
 * estimate rises higher, so the pacer spreads a frame less and the jitter buffer halves. Other descriptions stay unchanged.
 * The feedback lines stay: libwebrtc reports about what it receives by those of what it sends.
 */
export function withReceiverEstimate(sdp: string): string {
  const lines = splitLines(sdp);
  const measures = hasExtension(lines, "/abs-send-time") && feedbackOf(lines).includes("goog-remb");
  return measures ? lines.filter((line) => !hasExtension([line], TRANSPORT_WIDE)).join("") : sdp;
}

/**
 * Lets the other side number its packets as it offered, though the engine was given that offer without the extension (RFC 8285
 * section 5). A section that has the extension, or that is refused, stays unchanged.
 * @param answer the engine's, whose sections have the order of the offer (RFC 3264 section 6)
 */
export function withOfferedNumbers(answer: string, offer: string): string {
  const offered = readSections(offer).map(numbersOf);
  const sections = readSections(answer).map((section, index) => {
    const line = offered[index];
    if (line === undefined || portOf(section) === "0" || numbersOf(section) !== undefined) return section;
    return [...withLineEnd(section), line];
  });
  return writeSections(sections);
}

/** @returns the line of a media section that numbers its packets in both directions */
function numbersOf(section: SdpSection): string | undefined {
  if (kindOf(section) === "") return undefined;
  const isBothWays = (line: string) => attributeOf(line, "extmap")?.split(" ", 1)[0]?.includes("/") === false;
  return withLineEnd(section).find((line) => hasExtension([line], TRANSPORT_WIDE) && isBothWays(line));
}

/** Whether the engine gets a report about each packet of video that it sends, if it applies this remote description. */
export function hasTransportFeedback(sdp: string): boolean {
  const video = readSections(sdp).filter((section) => kindOf(section) === "video");
  return video.some(
    (lines) => hasExtension(lines, TRANSPORT_WIDE) && feedbackOf(lines).includes("transport-cc"),
  );
}

function hasExtension(lines: readonly string[], end: string): boolean {
  return attributesOf(lines, "extmap").some((value) => wordsOf(value)[1]?.endsWith(end));
}

function feedbackOf(lines: readonly string[]): string[] {
  return attributesOf(lines, "rtcp-fb").map((value) => wordsOf(value).slice(1).join(" "));
}

/**
 * Adds our candidates to the sections of their description, as if they had been gathered before it was made
 * (RFC 8839 section 5.1). Skips candidates that are present or name no section.
 */
export function withCandidates(sdp: string, candidates: readonly Candidate[]): string {
  const [session, ...media] = readSections(sdp);
  const filled = media.map((section, index) => {
    const mid = attributesOf(section, "mid")[0];
    const present = new Set(
      section.filter((line) => attributeName(line) === "candidate").map((line) => line.trim()),
    );
    const lines = candidates
      .filter((each) => (each.sdpMid ? each.sdpMid === mid : each.sdpMLineIndex === index))
      .map(({ candidate }) => `a=${withoutFragment(candidate)}`)
      .filter((line) => !present.has(line));
    return lines.length === 0 ? section : [...withLineEnd(section), ...lines.map((line) => `${line}\r\n`)];
  });
  return writeSections([session, ...filled]);
}

const NOTHING: MediaFlow = { sends: false, receives: false };

/**
 * The directions that an answer allows, seen from our side (RFC 3264 section 6.1, RFC 8866 section 6.7).
 * @param isOurs whether the answer is ours
 */
export function directionsNegotiatedBy(answer: string, isOurs: boolean): NegotiatedDirections {
  const [session, ...media] = readSections(answer);
  const usual = directionOf(session) ?? "sendrecv";
  const flowOf = (kind: "audio" | "video") =>
    media
      .filter((section) => kindOf(section) === kind && portOf(section) !== "0")
      .map((section) => toFlow(directionOf(section) ?? usual, isOurs))
      .reduce(eitherFlow, NOTHING);
  return { audio: flowOf("audio"), video: flowOf("video") };
}

const DIRECTIONS: ReadonlySet<string> = new Set(["sendrecv", "sendonly", "recvonly", "inactive"]);

function directionOf(section: SdpSection): string | undefined {
  return section.map(attributeName).find((name) => DIRECTIONS.has(name));
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

/** The length of an Opus packet in milliseconds; the engine's default is 20. */
const PACKET_MS: Readonly<Record<SoundPacketKind, number>> = { short: 10, repeated: 10, long: 40 };
/** Of long packets, in bits per second: wideband speech (RFC 6716 section 2.1.1). With headers they take 30 kb/s. */
const LONG_PACKETS_BPS = 20_000;
/** Of the words of an m= line, RFC 8866 section 5.14: kind, port and protocol come before the payload types. */
const FORMATS_FROM = 3;

/**
 * Sets the packets in which the engine sends audio, by the lines that the remote side would have written (RFC 8866 section 6.4,
 * a=ptime). Short packets leave sooner and make the remote jitter buffer shorter. Long ones and their bit rate (RFC 7587 section 6.1,
 * maxaveragebitrate) fit a narrow link. Repeated ones replace lost ones. A packet length requested by the remote side is kept.
 */
export function withSoundPackets(sdp: string, kind: SoundPacketKind): string {
  return mapSections(sdp, (section) => {
    if (kindOf(section) !== "audio") return section;
    const coded = kind === "repeated" ? withRedundancy(section) : section;
    if (attributesOf(section, "ptime").length > 0) return coded;
    const limited = kind === "long" ? withOpusRate(coded, LONG_PACKETS_BPS) : coded;
    return [...withLineEnd(limited), `a=ptime:${PACKET_MS[kind]}\r\n`];
  });
}

/** Prefers RFC 2198's packets of Opus, where the remote side reads them: the engine sends the codec that comes first. */
function withRedundancy(section: SdpSection): SdpSection {
  const type = typeOfCodec(section, "red");
  const opus = typeOfCodec(section, "opus");
  const carried = attributesOf(section, "fmtp")
    .map(wordsOf)
    .find(([of]) => of === type)?.[1];
  if (type === undefined || opus === undefined || carried?.split("/")[0] !== opus) return section;
  const [media = "", ...attributes] = section;
  const words = wordsOf(media);
  const others = words.slice(FORMATS_FROM).filter((each) => each !== type);
  return [`${[...words.slice(0, FORMATS_FROM), type, ...others].join(" ")}\r\n`, ...attributes];
}

/** @returns the first payload type of this codec, in lower case, at 48 kHz */
function typeOfCodec(section: SdpSection, name: string): string | undefined {
  const maps = attributesOf(section, "rtpmap").map(wordsOf);
  return maps.find(([, codec = ""]) => codec.toLowerCase().startsWith(`${name}/48000`))?.[0];
}

/** A limit that the remote side has set itself is kept. */
function withOpusRate(section: SdpSection, bps: number): SdpSection {
  const type = typeOfCodec(section, "opus");
  const isOfOpus = (line: string) =>
    attributeName(line) === "fmtp" && attributeOf(line, "fmtp")?.startsWith(`${type} `) === true;
  if (type === undefined || section.some((line) => isOfOpus(line) && line.includes("maxaveragebitrate=")))
    return section;
  if (!section.some(isOfOpus))
    return [...withLineEnd(section), `a=fmtp:${type} maxaveragebitrate=${bps}\r\n`];
  return section.map((line) => (isOfOpus(line) ? `${line.trimEnd()};maxaveragebitrate=${bps}\r\n` : line));
}

/** Bits per second of a b=AS or b=TIAS line (RFC 3890); null for any other line. */
function bandwidthBps(line: string): number | null {
  const [kind, value = ""] = line.trim().split(":", 2);
  if (kind !== "b=AS" && kind !== "b=TIAS") return null;
  const number = Number.parseInt(value, 10);
  return Number.isNaN(number) ? null : number * (kind === "b=AS" ? 1000 : 1);
}
