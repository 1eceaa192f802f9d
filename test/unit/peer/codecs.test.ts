import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { candidateSections, type EngineCodecs, withUsableSections } from "../../../plugin/peer/codecs.ts";

const CODECS: EngineCodecs = {
  audio: new Map([["opus/48000/2", "opus"]]),
  video: new Map([["vp8/90000/1", "VP8"]]),
};
const HEAD = "v=0\r\na=group:BUNDLE v a\r\n";
const AUDIO = "m=audio 9 X 111\r\na=ice-ufrag:u\r\na=mid:a\r\na=rtpmap:111 opus/48000/2\r\n";
const VIDEO = "m=video 9 X 102\r\na=ice-ufrag:u\r\na=mid:v\r\na=rtpmap:102 H264/90000\r\n";
const CANDIDATE = "a=candidate:1 1 udp 9 192.0.2.7 9 typ host\r\n";

test("rejected video gets port 0, leaves the bundle, and gives its candidates to a section of the same transport", () => {
  const { sdp, videoRefused } = withUsableSections(HEAD + VIDEO + CANDIDATE + AUDIO, CODECS);
  const [kept = "", codecs = ""] = AUDIO.split(/^(?=a=rtpmap)/m);
  const rejected = VIDEO.replace("m=video 9", "m=video 0");
  assert.equal(sdp, `v=0\r\na=group:BUNDLE a\r\n${rejected}${kept}${CANDIDATE}${codecs}`);
  assert.equal(videoRefused, "the picture cannot be shown: one side has H264 only, the other VP8");
});

test("later candidates of the rejected section go to the live one, by mid and by index", () => {
  const { sdp } = withUsableSections(HEAD + VIDEO + AUDIO, CODECS);
  assert.deepEqual(
    [...candidateSections(sdp)],
    [
      ["v", "a"],
      [0, "a"],
    ],
  );
  const other = sdp.replace("a=ice-ufrag:u", "a=ice-ufrag:other");
  assert.deepEqual([...candidateSections(other)], []);
});

test("a description in which every section has a codec stays unchanged", () => {
  const name = new URL("descriptions/offers/firefox-like.sdp", import.meta.url);
  const sdp = readFileSync(name, "utf8");
  assert.deepEqual(withUsableSections(sdp, CODECS), { sdp, videoRefused: null });
});

test("video without a common codec and without audio is refused with the codecs of both sides", () => {
  assert.throws(() => withUsableSections(HEAD + VIDEO, CODECS), {
    name: "PeerError",
    message: "there is no common video codec, and no audio: one side has H264 only, the other VP8",
  });
});

test("the reason is short and plain, whatever names the other side chooses", () => {
  const types = Array.from({ length: 128 }, (_, index) => index + 200);
  const maps = types.map((type) => `a=rtpmap:${type} <b>${type}${"x".repeat(50)}/90000\r\n`);
  const video = `m=video 9 X ${types.join(" ")}\r\na=mid:v\r\n${maps.join("")}`;
  const { videoRefused } = withUsableSections(HEAD + AUDIO + video, CODECS);
  assert.match(videoRefused ?? "", /^[\w ,:.?-]{1,200}$/);
  assert.match(videoRefused ?? "", /and others only, the other VP8$/);
});
