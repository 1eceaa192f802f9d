import assert from "node:assert/strict";
import { test } from "node:test";
import {
  directionsNegotiatedBy,
  usernameFragments,
  withCandidates,
  withOfferedNumbers,
  withReceiverEstimate,
  withSoundPackets,
  withVideoCeiling,
} from "../../../plugin/peer/session-description.ts";

const HEAD = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";
const AUDIO = "m=audio 9 X 111\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:au/+\r\n";
const VIDEO = "m=video 9 X 96\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:vi\r\n";

test("the limit is added to every video section, behind its connection line", () => {
  const limited = withVideoCeiling(HEAD + AUDIO + VIDEO + VIDEO, 1_500_000);
  const expected = VIDEO.replace("0.0.0.0\r\n", "0.0.0.0\r\nb=AS:1500\r\n");
  assert.equal(limited, HEAD + AUDIO + expected + expected);
});

test("a lower limit of the remote side is kept", () => {
  for (const line of ["b=AS:300", "b=TIAS:300000"]) {
    const sdp = HEAD + VIDEO.replace("0.0.0.0\r\n", `0.0.0.0\r\n${line}\r\n`);
    assert.equal(withVideoCeiling(sdp, 1_500_000), sdp);
  }
});

test("our limit replaces a higher limit of the remote side", () => {
  const sdp = HEAD + VIDEO.replace("0.0.0.0\r\n", "0.0.0.0\r\nb=AS:9000\r\nb=TIAS:9000000\r\n");
  const limited = withVideoCeiling(sdp, 1_500_000);
  assert.deepEqual(limited.match(/^b=.*$/gm), ["b=AS:1500"]);
});

test("in a section without a connection line the limit follows the m-line", () => {
  const limited = withVideoCeiling(`${HEAD}m=video 9 X 96\na=mid:1\n`, 200_000);
  assert.match(limited, /m=video 9 X 96\r?\nb=AS:200\r?\na=mid:1/);
});

test("a description without video stays unchanged", () => {
  assert.equal(withVideoCeiling(HEAD + AUDIO, 1_500_000), HEAD + AUDIO);
});

test("the username fragments of all sections are found", () => {
  assert.deepEqual([...usernameFragments(HEAD + AUDIO + VIDEO)], ["au/+", "vi"]);
});

const FEEDBACK = [
  "a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
  "a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
  "a=rtcp-fb:96 goog-remb",
  "a=rtcp-fb:96 transport-cc",
  "a=rtcp-fb:96 nack",
  "",
];

test("a description with receiver-side estimation loses the numbers of packets, and keeps our reports to the other side", () => {
  const kept = FEEDBACK.filter((line) => !/transport-wide/.test(line)).join("\r\n");
  assert.equal(withReceiverEstimate(HEAD + VIDEO + FEEDBACK.join("\r\n")), HEAD + VIDEO + kept);
});

test("a description without send times or without receiver-side estimation stays unchanged", () => {
  for (const missing of [/abs-send-time/, /goog-remb/]) {
    const sdp = HEAD + VIDEO + FEEDBACK.filter((line) => !missing.test(line)).join("\r\n");
    assert.equal(withReceiverEstimate(sdp), sdp);
  }
});

const NUMBERS = FEEDBACK.find((line) => /transport-wide/.test(line)) ?? "";

test("an answer allows the numbers of packets in each section that offers them", () => {
  const offer = `${HEAD + AUDIO}${NUMBERS}\r\n${VIDEO}${NUMBERS}\r\n${AUDIO}`;
  const answer = HEAD + AUDIO + VIDEO + AUDIO;
  assert.equal(withOfferedNumbers(answer, offer), offer);
  assert.equal(withOfferedNumbers(offer, offer), offer);
  assert.equal(withOfferedNumbers(answer, HEAD + AUDIO), answer);
});

test("a refused section, and one whose offer allows the numbers in one direction only, stays unchanged", () => {
  const refused = HEAD + VIDEO.replace("video 9", "video 0");
  assert.equal(withOfferedNumbers(refused, `${HEAD + VIDEO}${NUMBERS}\r\n`), refused);
  const oneWay = NUMBERS.replace("extmap:3", "extmap:3/sendonly");
  assert.equal(withOfferedNumbers(HEAD + VIDEO, `${HEAD + VIDEO}${oneWay}\r\n`), HEAD + VIDEO);
});

test("candidates are added to their section by mid or index, each once", () => {
  const sections = `${HEAD + AUDIO}a=mid:a\r\n${VIDEO}a=mid:v\r\n`;
  const first = { candidate: "candidate:1 1 udp 9 192.0.2.1 9 typ host ufrag vi network-id 1" };
  const second = { candidate: "candidate:2 1 udp 8 192.0.2.2 9 typ host" };
  const written = withCandidates(sections, [
    { ...first, sdpMid: "v", sdpMLineIndex: 7 },
    { ...second, sdpMid: "", sdpMLineIndex: 0 },
    { ...second, sdpMid: "unknown" },
    { ...second },
  ]);
  const audio = `a=mid:a\r\na=${second.candidate}\r\n`;
  const video = "a=mid:v\r\na=candidate:1 1 udp 9 192.0.2.1 9 typ host network-id 1\r\n";
  assert.equal(written, HEAD + AUDIO + audio + VIDEO + video);
  assert.equal(withCandidates(written, [{ ...first, sdpMid: "v" }]), written);
  assert.equal(withCandidates(sections, []), sections);
});

test("the directions are read from an answer, from either side", () => {
  const both = { sends: true, receives: true };
  const none = { sends: false, receives: false };
  const sends = { sends: true, receives: false };
  const receives = { sends: false, receives: true };
  const answers = [
    [`${HEAD}${AUDIO}${VIDEO}`, both, both],
    [`${HEAD}${AUDIO}`, both, none],
    [`${HEAD}a=recvonly\r\n${AUDIO}${VIDEO}a=sendrecv\r\n`, receives, both],
    [`${HEAD}${AUDIO}a=sendonly\r\n${VIDEO}a=inactive\r\n`, sends, none],
    [`${HEAD}${AUDIO}a=recvonly\r\n${VIDEO.replace("m=video 9", "m=video 0")}`, receives, none],
    [`${HEAD}${AUDIO}${VIDEO}a=sendonly\r\n${VIDEO}a=recvonly\r\n`, both, both],
  ] as const;
  const mirrored = ({ sends: one, receives: other }: typeof both) => ({ sends: other, receives: one });
  for (const [answer, audio, video] of answers) {
    assert.deepEqual(directionsNegotiatedBy(answer, true), { audio, video });
    assert.deepEqual(directionsNegotiatedBy(answer, false), {
      audio: mirrored(audio),
      video: mirrored(video),
    });
  }
});

test("audio packets of 10 ms are requested, unless the receiver asks for another length", () => {
  assert.equal(withSoundPackets(HEAD + AUDIO + VIDEO, "short"), `${HEAD}${AUDIO}a=ptime:10\r\n${VIDEO}`);
  for (const length of ["short", "long"] as const) {
    const other = `${HEAD}${AUDIO}a=ptime:60\r\n${VIDEO}`;
    assert.equal(withSoundPackets(other, length), other);
    assert.equal(withSoundPackets(HEAD + VIDEO, length), HEAD + VIDEO);
  }
});

test("repeated audio packets are preferred where the receiver reads them", () => {
  const repeated = (media: string, rest: string) =>
    withSoundPackets(`${HEAD}m=audio 9 UDP/TLS/RTP/SAVPF ${media}\r\n${rest}`, "repeated");
  const section = (media: string, rest: string) =>
    `${HEAD}m=audio 9 UDP/TLS/RTP/SAVPF ${media}\r\n${rest}a=ptime:10\r\n`;
  const maps = "a=rtpmap:111 opus/48000/2\r\na=rtpmap:63 red/48000/2\r\n";
  const both = `${maps}a=fmtp:63 111/111\r\n`;
  assert.equal(repeated("111 63 0", both), section("63 111 0", both));
  assert.equal(repeated("63 111", both), section("63 111", both));
  for (const rest of [maps, `${maps}a=fmtp:63 0/0\r\n`, "a=rtpmap:111 opus/48000/2\r\n", ""])
    assert.equal(repeated("111 63", rest), section("111 63", rest));
  assert.equal(repeated("111 63", `${both}a=ptime:20\r\n`).includes("SAVPF 63 111"), true);
});

test("long audio packets have a low rate of Opus, unless the receiver sets one itself", () => {
  const opus = "a=rtpmap:111 opus/48000/2\r\n";
  const section = (parameters: string) => `m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\n${opus}${parameters}`;
  const long = (parameters: string) => withSoundPackets(HEAD + section(parameters), "long");
  const limited = `${HEAD}${section("a=fmtp:111 minptime=10;useinbandfec=1;maxaveragebitrate=20000\r\n")}a=ptime:40\r\n`;
  assert.equal(long("a=fmtp:111 minptime=10;useinbandfec=1\r\n"), limited);
  assert.equal(long(""), `${HEAD}${section("")}a=fmtp:111 maxaveragebitrate=20000\r\na=ptime:40\r\n`);
  const own = "a=fmtp:111 maxaveragebitrate=8000\r\n";
  assert.equal(long(own), `${HEAD}${section(own)}a=ptime:40\r\n`);
});
