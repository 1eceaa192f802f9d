// Which codecs a description offers, and which of them the engine can send and receive. A section without a usable codec
// fails a whole description in the engine, and as a `sendonly` answer it aborts the process. So such a section is rejected
// here, before the engine reads it. Reads line by line, in linear time.

import { checkDescription } from "./description-limits.ts";
import { PeerError } from "./peer.ts";
import type { WrtcCodec, WrtcKind, WrtcModule } from "./wrtc-types.ts";

/** The codecs that the engine both sends and receives, as keys of {@link keyOf} with the name for users. */
export type EngineCodecs = Readonly<Record<WrtcKind, ReadonlyMap<string, string>>>;

/** A remote description whose unusable sections are rejected (port 0, RFC 3264 section 6). */
export interface UsableDescription {
  readonly sdp: string;
  /** Why there is no video; null when a video section is usable, or when the other side has none. */
  readonly videoRefused: string | null;
}

/** They repair, repeat or replace the packets of another codec. */
const HELPERS: ReadonlySet<string> = new Set([
  "rtx",
  "red",
  "ulpfec",
  "flexfec",
  "flexfec-03",
  "parityfec",
  "telephone-event",
  "cn",
]);

/** Payload types that need no a=rtpmap line (RFC 3551 section 6). */
const STATIC_TYPES: ReadonlyMap<string, string> = new Map([
  ["0", "PCMU/8000"],
  ["3", "GSM/8000"],
  ["8", "PCMA/8000"],
  ["9", "G722/8000"],
  ["13", "CN/8000"],
  ["18", "G729/8000"],
  ["26", "JPEG/90000"],
  ["31", "H261/90000"],
  ["34", "H263/90000"],
]);

/** The remote side chooses its names, and a reason is shown to users. */
const MAX_NAMES = 6;
const MAX_NAME_CHARS = 16;

/** Asks the engine. A codec that it only receives, such as VP9 profile 1, is not usable: the engine negotiates both at once. */
export function codecsOf(wrtc: WrtcModule): EngineCodecs {
  const usable = (kind: WrtcKind): ReadonlyMap<string, string> => {
    const received = new Set(wrtc.RTCRtpReceiver.getCapabilities(kind).codecs.map(keyOfCapability));
    return new Map(
      wrtc.RTCRtpSender.getCapabilities(kind)
        .codecs.filter(({ mimeType }) => !HELPERS.has(nameOf(mimeType).toLowerCase()))
        .map((codec) => [keyOfCapability(codec), nameOf(codec.mimeType)] as const)
        .filter(([key]) => received.has(key)),
    );
  };
  return { audio: usable("audio"), video: usable("video") };
}

/**
 * @throws PeerError when the description exceeds the limits of description-limits.ts, when audio has no codec of the engine,
 *   or when video has none and there is no audio
 */
export function withUsableSections(sdp: string, codecs: EngineCodecs): UsableDescription {
  checkDescription(sdp);
  const lines = sdp.split("\n");
  const live = mediaSections(lines).filter(({ isLive }) => isLive);
  const [kept, refused] = partition(live, (each) => isUsable(each, codecs[each.kind]));
  if (refused.length === 0) return { sdp, videoRefused: null };
  const why = (kind: WrtcKind): string | null => {
    const sections = live.filter((each) => each.kind === kind);
    if (sections.length === 0 || kept.some((each) => each.kind === kind)) return null;
    const names = listed(sections.flatMap(namesOf));
    return `one side has ${names} only, the other ${listed([...codecs[kind].values()])}`;
  };
  const audio = why("audio");
  if (audio !== null) throw new PeerError(`there is no common audio codec: ${audio}`);
  const video = why("video");
  if (video !== null && live.every(({ kind }) => kind === "video"))
    throw new PeerError(`there is no common video codec, and no audio: ${video}`);
  return {
    sdp: withRejected(lines, refused, candidatesFor(kept, refused)).join("\n"),
    videoRefused: video && `the picture cannot be shown: ${video}`,
  };
}

interface MediaSection {
  readonly kind: WrtcKind;
  readonly isLive: boolean;
  /** Indexes of its lines: the m-line, and the line after its last. */
  readonly start: number;
  readonly end: number;
  readonly mid: string;
  readonly fragment: string;
  /** Whole lines. */
  readonly candidates: readonly string[];
  /** By payload type, in the order of the m-line. */
  readonly codecs: readonly { readonly rtpmap: string | null; readonly format: string }[];
}

function partition<T>(all: readonly T[], holds: (one: T) => boolean): [yes: T[], no: T[]] {
  return [all.filter(holds), all.filter((one) => !holds(one))];
}

function isUsable({ codecs }: MediaSection, ours: ReadonlyMap<string, string>): boolean {
  return codecs.some(({ rtpmap, format }) => rtpmap !== null && ours.has(keyOf(rtpmap, format)));
}

function namesOf({ codecs }: MediaSection): string[] {
  return codecs
    .map(({ rtpmap }) => rtpmap?.split("/")[0] ?? "unnamed codecs")
    .filter((name) => !HELPERS.has(name.toLowerCase()))
    .map((name) => name.slice(0, MAX_NAME_CHARS).replace(/[^\w .-]/g, "?"));
}

function listed(all: readonly string[]): string {
  const names = [...new Set(all)];
  const shown = names.length > MAX_NAMES ? [...names.slice(0, MAX_NAMES - 1), "others"] : names;
  if (shown.length < 2) return shown[0] ?? "no codec";
  return `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}

/** The audio and video sections. A section with a malformed m-line is left to the engine, which refuses it. */
function mediaSections(lines: readonly string[]): MediaSection[] {
  const starts = lines.flatMap((line, index) => (line.startsWith("m=") ? [index] : []));
  return starts.flatMap((start, nth) => readSection(lines, start, starts[nth + 1] ?? lines.length) ?? []);
}

function readSection(lines: readonly string[], start: number, end: number): MediaSection | null {
  const [media, port, protocol, ...types] = (lines[start] ?? "").trim().split(" ");
  const kind = media?.slice("m=".length);
  if ((kind !== "audio" && kind !== "video") || port === undefined || protocol === undefined) return null;
  const rtpmaps = new Map(STATIC_TYPES);
  const formats = new Map<string, string>();
  const candidates: string[] = [];
  let [mid, fragment, isBundleOnly] = ["", "", false];
  for (let at = start + 1; at < end; at++) {
    const line = (lines[at] ?? "").trim();
    if (line.startsWith("a=rtpmap:")) rtpmaps.set(...typeAndValue(line));
    else if (line.startsWith("a=fmtp:")) formats.set(...typeAndValue(line));
    else if (line.startsWith("a=mid:")) mid = line.slice("a=mid:".length);
    else if (line.startsWith("a=ice-ufrag:")) fragment = line.slice("a=ice-ufrag:".length);
    else if (line.startsWith("a=candidate:")) candidates.push(line);
    else if (line === "a=bundle-only") isBundleOnly = true;
  }
  return {
    kind,
    // A section with port 0 is rejected, unless it waits to be bundled (RFC 8843 section 6).
    isLive: port !== "0" || isBundleOnly,
    start,
    end,
    mid,
    fragment,
    candidates,
    codecs: types.map((type) => ({ rtpmap: rtpmaps.get(type) ?? null, format: formats.get(type) ?? "" })),
  };
}

/** Splits `a=rtpmap:96 VP8/90000` into `96` and `VP8/90000`. */
function typeAndValue(line: string): [type: string, value: string] {
  const space = line.indexOf(" ");
  const colon = line.indexOf(":");
  return space < 0
    ? [line.slice(colon + 1), ""]
    : [line.slice(colon + 1, space), line.slice(space + 1).trim()];
}

/** Collects the candidates of rejected sections, by the mid of a kept section with the same transport. */
function candidatesFor(
  kept: readonly MediaSection[],
  refused: readonly MediaSection[],
): Map<string, string[]> {
  const heirs = new Map(kept.map(({ fragment, mid }) => [fragment, mid] as const));
  const moved = new Map<string, string[]>();
  for (const { fragment, candidates } of refused) {
    const heir = heirs.get(fragment);
    if (heir === undefined) continue;
    const list = moved.get(heir);
    if (list) list.push(...candidates);
    else moved.set(heir, [...candidates]);
  }
  return moved;
}

/** Gives these sections port 0 and takes them out of their bundle group, which may not contain them (RFC 8843 section 7.3). */
function withRejected(
  lines: readonly string[],
  refused: readonly MediaSection[],
  candidates: ReadonlyMap<string, readonly string[]>,
): string[] {
  const mids = new Set(refused.map(({ mid }) => mid));
  const starts = new Set(refused.map(({ start }) => start));
  let isRefused = false;
  return lines.flatMap((line, index) => {
    if (line.startsWith("m=")) isRefused = starts.has(index);
    const end = line.endsWith("\r") ? "\r" : "";
    const text = line.trim();
    const words = text.split(" ");
    if (starts.has(index)) return [[words[0], "0", ...words.slice(2)].join(" ") + end];
    if (words[0] === "a=group:BUNDLE") return [words.filter((word) => !mids.has(word)).join(" ") + end];
    if (isRefused) return text === "a=bundle-only" || text.startsWith("a=candidate:") ? [] : [line];
    const moved = text.startsWith("a=mid:") ? (candidates.get(text.slice("a=mid:".length)) ?? []) : [];
    return [line, ...moved.map((each) => each + end)];
  });
}

/**
 * Where the candidates of rejected sections go: from the mid or the index of each to the mid of a live section of the same
 * transport. A peer that bundles sends candidates for the first section only, which may be the rejected one.
 */
export function candidateSections(sdp: string): ReadonlyMap<string | number, string> {
  const sections = transportSections(sdp);
  const liveMids = new Map(
    sections.filter(({ isLive }) => isLive).map(({ fragment, mid }) => [fragment, mid] as const),
  );
  const moves = new Map<string | number, string>();
  for (const [index, { mid, isLive, fragment }] of sections.entries()) {
    const liveMid = liveMids.get(fragment);
    if (!isLive && liveMid !== undefined) moves.set(mid, liveMid).set(index, liveMid);
  }
  return moves;
}

interface TransportSection {
  mid: string;
  isLive: boolean;
  fragment: string;
}

function transportSections(sdp: string): TransportSection[] {
  const sections: TransportSection[] = [];
  let usual = "";
  for (const line of sdp.split("\n").map((each) => each.trim())) {
    const section = sections.at(-1);
    if (line.startsWith("m="))
      sections.push({ mid: "", isLive: line.split(" ", 2)[1] !== "0", fragment: usual });
    else if (line.startsWith("a=ice-ufrag:")) {
      const fragment = line.slice("a=ice-ufrag:".length);
      if (section) section.fragment = fragment;
      else usual = fragment;
    } else if (section && line.startsWith("a=mid:")) section.mid = line.slice("a=mid:".length);
    else if (section && line === "a=bundle-only") section.isLive = true;
  }
  return sections;
}

function keyOfCapability({ mimeType, clockRate, channels, sdpFmtpLine }: WrtcCodec): string {
  return keyOf(`${nameOf(mimeType)}/${clockRate}/${channels ?? 1}`, sdpFmtpLine ?? "");
}

function nameOf(mimeType: string): string {
  return mimeType.slice(mimeType.indexOf("/") + 1);
}

/** Names differ by case only in text. VP9 has profiles that need decoders of their own (RFC 9628). */
function keyOf(rtpmap: string, format: string): string {
  const [name = "", clockRate = "", channels = "1"] = rtpmap.toLowerCase().split("/");
  return [name, clockRate, channels, ...(name === "vp9" ? [profileOf(format)] : [])].join("/");
}

function profileOf(format: string): string {
  const parameter = format.split(";").find((each) => each.trim().startsWith("profile-id="));
  return parameter?.trim().slice("profile-id=".length) ?? "0";
}
