// Limits what a remote description may contain, before the engine reads it. libwebrtc M98 parses on the main thread, and
// copies all codecs of a section for each line about a codec: 30 kB of a=rtcp-fb lines take 3 s, and 60 kB take 21 s. The
// limits are several times what browsers and libwebrtc write; README.md has the figures.

import { PeerError } from "./peer.ts";
import { attributeName, attributeOf, attributesOf, readSections, type SdpSection, wordsOf } from "./sdp.ts";

/** A browser's offer of sound, picture and data has some 12 kB. */
export const MAX_DESCRIPTION_CHARS = 64 * 1024;
/** Candidates are the longest usual lines. */
const MAX_LINE_CHARS = 1024;
/** A browser writes 200. */
const MAX_LINES = 1500;
/** A browser writes 3. Later offers may only add sections. */
const MAX_SECTIONS = 16;
/** Payload types have 7 bits (RFC 3551). */
const MAX_PAYLOAD_TYPES = 128;

/** Lines of these attributes in a whole description. A browser writes two thirds of it at most. */
const MAX_OF_ATTRIBUTE: ReadonlyMap<string, number> = new Map([
  ["extmap", 128],
  ["fmtp", 128],
  ["group", 8],
  ["msid", 32],
  ["msid-semantic", 8],
  ["rid", 32],
  ["rtpmap", 256],
  ["simulcast", 16],
  ["ssrc", 256],
  ["ssrc-group", 64],
]);

/** Each a=rtcp-fb line counts once for every codec that it changes. Browsers write 75 for one video section. */
const MAX_FEEDBACK = 256;

/** In all a=fmtp lines. The engine copies them for each line about a codec. Browsers write 150. */
const MAX_PARAMETERS = 512;

/** An attribute that a section may have once. A second one has no meaning. */
const ONCE: readonly string[] = ["mid"];

/** @throws PeerError that names the limit which the description exceeds */
export function checkDescription(sdp: string): void {
  check("characters", sdp.length, MAX_DESCRIPTION_CHARS);
  const [session, ...media] = readSections(sdp);
  const lines = [session, ...media].flat();
  check("lines", lines.length, MAX_LINES);
  check("characters in one line", Math.max(0, ...lines.map((line) => line.length)), MAX_LINE_CHARS);
  check("media sections", media.length, MAX_SECTIONS);
  checkAttributes(lines);
  const parameters = attributesOf(lines, "fmtp").flatMap((value) => value.split(";"));
  check("parameters of codecs", parameters.length, MAX_PARAMETERS);
  let feedback = 0;
  for (const section of media) {
    checkSection(section);
    feedback += feedbackOf(section);
  }
  check("a=rtcp-fb entries", feedback, MAX_FEEDBACK);
}

function checkAttributes(lines: SdpSection): void {
  const counts = countNames(lines);
  for (const [name, limit] of MAX_OF_ATTRIBUTE) check(`a=${name} lines`, counts.get(name) ?? 0, limit);
}

function checkSection(section: SdpSection): void {
  const [, , , ...payloadTypes] = wordsOf(section[0] ?? "");
  check("payload types in one section", payloadTypes.length, MAX_PAYLOAD_TYPES);
  const counts = countNames(section);
  for (const name of ONCE) check(`a=${name} lines in one section`, counts.get(name) ?? 0, 1);
}

/** A line for all codecs (RFC 4585 section 4.2) changes each of them. */
function feedbackOf(section: SdpSection): number {
  const payloadTypes = wordsOf(section[0] ?? "").length;
  return section.reduce((sum, line) => {
    const value = attributeOf(line, "rtcp-fb");
    return value === undefined ? sum : sum + (value.startsWith("*") ? payloadTypes : 1);
  }, 0);
}

function countNames(lines: SdpSection): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of lines.map(attributeName)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

function check(what: string, count: number, limit: number): void {
  if (count > limit) throw new PeerError(`the description has ${count} ${what}; expected ${limit} at most`);
}
