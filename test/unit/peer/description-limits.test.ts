import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { checkDescription, MAX_DESCRIPTION_CHARS } from "../../../plugin/peer/description-limits.ts";

const HEAD = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";
const VIDEO = "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\n";
const repeated = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => `${line(index)}\r\n`).join("");

/** Every codec of a browser with five feedback lines and a long a=fmtp line each, and simulcast of three layers. */
function largeVideoSection(mid: number): string {
  const types = Array.from({ length: 24 }, (_, index) => 96 + index);
  return [
    `m=video 9 UDP/TLS/RTP/SAVPF ${types.join(" ")}`,
    `a=mid:${mid}`,
    ...Array.from({ length: 16 }, (_, index) => `a=extmap:${index + 1} urn:ietf:params:rtp-hdrext:${index}`),
    ...types.map((type) => `a=rtpmap:${type} VP8/90000`),
    ...types.map((type) => `a=fmtp:${type} ${"x".repeat(200)};a=1;b=2;c=3`),
    ...types.flatMap((type) => ["ccm fir", "nack", "nack pli"].map((what) => `a=rtcp-fb:${type} ${what}`)),
    ...[1, 2, 3].map((layer) => `a=rid:${layer} send`),
    "a=simulcast:send 1;2;3",
    ...Array.from({ length: 24 }, (_, index) => `a=ssrc:${mid * 100 + index} cname:x`),
    "",
  ].join("\r\n");
}

test("descriptions of every kind of peer stay far below the limits", () => {
  const folder = new URL("./descriptions/", import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".sdp"),
  );
  assert.ok(files.length > 20);
  for (const name of files) checkDescription(readFileSync(new URL(name, folder), "utf8"));
  checkDescription(HEAD + [0, 1, 2].map(largeVideoSection).join(""));
});

describe("a description beyond a limit is refused, and the reason names the limit:", () => {
  const types = Array.from({ length: 200 }, (_, index) => index).join(" ");
  const shapes: readonly [string, string, RegExp][] = [
    ["characters", HEAD + "a".repeat(MAX_DESCRIPTION_CHARS), /characters; expected 65536/],
    ["lines", HEAD + repeated(2000, () => "a=x"), /2004 lines; expected 1500/],
    [
      "a long line",
      `${HEAD}a=extmap:${"1".repeat(60_000)}\r\n`,
      /60011 characters in one line; expected 1024/,
    ],
    ["media sections", HEAD + repeated(17, () => "m=audio 9 X 0"), /17 media sections; expected 16/],
    ["payload types", `${HEAD}m=video 9 X ${types}\r\n`, /200 payload types in one section; expected 128/],
    ["formats", HEAD + VIDEO + repeated(129, (n) => `a=fmtp:96 x${n}=1`), /129 a=fmtp lines/],
    ["parameters", `${HEAD + VIDEO}${repeated(2, () => `a=fmtp:96 ${"x;".repeat(300)}`)}`, /602 parameters/],
    ["feedback", HEAD + VIDEO + repeated(257, (n) => `a=rtcp-fb:96 x${n}`), /257 a=rtcp-fb entries/],
    [
      "feedback for all codecs",
      HEAD + VIDEO + repeated(60, (n) => `a=rtcp-fb:* x${n}`),
      /300 a=rtcp-fb entries/,
    ],
    ["ids of one section", HEAD + VIDEO + repeated(2, (n) => `a=mid:${n}`), /2 a=mid lines in one section/],
    ["extensions", HEAD + VIDEO + repeated(129, (n) => `a=extmap:${n} urn:x`), /129 a=extmap lines/],
    [
      "the same with a space",
      HEAD + VIDEO + repeated(129, (n) => `a=ssrc-group ${n}`),
      /129 a=ssrc-group lines/,
    ],
  ];
  for (const [name, sdp, reason] of shapes)
    test(name, () => assert.throws(() => checkDescription(sdp), { name: "PeerError", message: reason }));
});
