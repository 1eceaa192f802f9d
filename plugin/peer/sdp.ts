// Reads session descriptions (SDP, RFC 8866) line by line, in linear time. Lines end where the engine ends them: at a line
// feed, with or without a carriage return before it. Pure.

/** The lines of one section, each with its line end. The first section of a description has no m-line. */
export type SdpSection = readonly string[];

/** Joining the result gives the text again. The last line may lack its line end. */
export function splitLines(text: string): string[] {
  const lines: string[] = [];
  for (let start = 0; start < text.length; ) {
    const feed = text.indexOf("\n", start);
    const end = feed < 0 ? text.length : feed + 1;
    lines.push(text.slice(start, end));
    start = end;
  }
  return lines;
}

/** The session section, then one section for each m-line. */
export function readSections(sdp: string): [session: SdpSection, ...media: SdpSection[]] {
  const session: string[] = [];
  const media: string[][] = [];
  for (const line of splitLines(sdp)) {
    if (line.startsWith("m=")) media.push([line]);
    else (media.at(-1) ?? session).push(line);
  }
  return [session, ...media];
}

export function writeSections(sections: readonly SdpSection[]): string {
  return sections.map((lines) => lines.join("")).join("");
}

/** Passes each section through `change`. */
export function mapSections(sdp: string, change: (section: SdpSection) => SdpSection): string {
  return writeSections(readSections(sdp).map(change));
}

/** Ends the last line, so that lines can follow. */
export function withLineEnd(section: SdpSection): SdpSection {
  const last = section.at(-1);
  return last === undefined || last.endsWith("\n") ? section : [...section.slice(0, -1), `${last}\r\n`];
}

/** The kind of a media section, such as `audio`; an empty text for other sections. */
export function kindOf(section: SdpSection): string {
  const line = section[0] ?? "";
  return line.startsWith("m=") ? (wordsOf(line.slice("m=".length))[0] ?? "") : "";
}

/** The port of a media section, as text. */
export function portOf(section: SdpSection): string {
  return wordsOf(section[0] ?? "")[1] ?? "";
}

/** The words of a line, without its line end. Repeated spaces separate no empty words. */
export function wordsOf(line: string): string[] {
  return line
    .trim()
    .split(" ")
    .filter((word) => word !== "");
}

/** `rtpmap` for `a=rtpmap:96 VP8/90000`; an empty text for lines that are no attributes. */
export function attributeName(line: string): string {
  if (!line.startsWith("a=")) return "";
  let end = "a=".length;
  while (end < line.length && !NAME_ENDS.has(line.charAt(end))) end++;
  return line.slice("a=".length, end);
}

const NAME_ENDS: ReadonlySet<string> = new Set([":", " ", "\r", "\n"]);

/** `96 VP8/90000` for `a=rtpmap:96 VP8/90000`, empty for a flag; undefined if the line is not this attribute. */
export function attributeOf(line: string, name: string): string | undefined {
  if (attributeName(line) !== name) return undefined;
  return line.slice("a=".length + name.length + 1).trim();
}

/** The values of all lines of this attribute. */
export function attributesOf(section: SdpSection, name: string): string[] {
  return section.flatMap((line) => attributeOf(line, name) ?? []);
}
