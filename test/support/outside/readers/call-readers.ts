// Readers of what a peer sends within a call.

import { readRecord } from "../../../../plugin/calls/call-record.ts";
import { CheckExchange } from "../../../../plugin/calls/check-code/check-exchange.ts";
import { OwnNetworks, scopeOf } from "../../../../plugin/common/ip-address.ts";
import { candidateSections, type EngineCodecs, withUsableSections } from "../../../../plugin/peer/codecs.ts";
import { PathSearch } from "../../../../plugin/peer/path/path-search.ts";
import { describeTrouble } from "../../../../plugin/peer/path/path-trouble.ts";
import { withoutTunnels } from "../../../../plugin/peer/path/tls-tunnels.ts";
import {
  localNameIn,
  whyRefused,
  withAddresses,
  withCandidatesThat,
} from "../../../../plugin/peer/remote-candidates.ts";
import {
  directionsNegotiatedBy,
  fragmentOf,
  usernameFragments,
  withCandidates,
  withOfferedNumbers,
  withReceiverEstimate,
  withSoundPackets,
  withVideoCeiling,
} from "../../../../plugin/peer/session-description.ts";
import { Mask } from "../../../../statecharts/index.ts";
import type { OutsideReader } from "../readers.ts";

const CODECS: EngineCodecs = {
  audio: new Map([["opus/48000/2", "opus"]]),
  video: new Map([["vp8/90000/1", "VP8"]]),
};
const VIEW = { place: "network", own: new OwnNetworks({}) } as const;
const LINE = "candidate:1 1 udp 2122260223 203.0.113.9 50000 typ host ufrag abcd network-id 1";

const DESCRIPTION = [
  ...["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1", "a=sendrecv"],
  ...["m=audio 9 UDP/TLS/RTP/SAVPF 111", "c=IN IP4 0.0.0.0", "a=mid:0", "a=ice-ufrag:abcd"],
  ...["a=ice-pwd:q8Zt0bCw1vN4yUoXeR2mKs7d", "a=fingerprint:sha-256 AA:BB", "a=rtpmap:111 opus/48000/2"],
  ...["a=fmtp:111 minptime=10;useinbandfec=1", `a=${LINE}`, "m=video 9 UDP/TLS/RTP/SAVPF 96 102"],
  ...["b=AS:500", "a=mid:1", "a=ice-ufrag:abcd", "a=rtpmap:96 VP8/90000", "a=rtcp-fb:96 goog-remb"],
  ...[
    "a=rtcp-fb:96 transport-cc",
    "a=extmap:2 http://www.webrtc.org/abs-send-time",
    "a=rtpmap:102 H264/90000",
  ],
  ...["a=fmtp:102 profile-level-id=42e01f", "a=bundle-only", "a=recvonly", ""],
].join("\r\n");

const COMMITTED = DESCRIPTION.replace("m=audio", `a=goop-check-commitment:${"0".repeat(64)}\r\nm=audio`);
const WITH_NONCE = DESCRIPTION.replace("m=audio", `a=goop-check-nonce:${"0".repeat(64)}\r\nm=audio`);

const TURN_URL = "turn:turn.example.org:3478?transport=udp";
const newPathSearch = () =>
  new PathSearch({
    iceServers: [{ urls: [TURN_URL] }],
    tunnels: withoutTunnels([]),
    relayOnly: false,
    onTrouble: () => undefined,
    onHopeless: () => undefined,
  });

export const callReaders: readonly OutsideReader[] = [
  {
    name: "lines of a description for the check code",
    sources: ["plugin/calls/check-code/check-lines.ts"],
    seeds: [COMMITTED, WITH_NONCE],
    refusals: [],
    read(text) {
      const [answerer, offerer] = [new CheckExchange("call-1"), new CheckExchange("call-1")];
      answerer.answer(text, DESCRIPTION);
      answerer.reveal(text);
      offerer.offer(DESCRIPTION);
      offerer.answered(text);
      return [answerer.report(), offerer.report()];
    },
  },
  {
    name: "remote description, as far as it is usable",
    sources: ["plugin/peer/codecs.ts"],
    seeds: [DESCRIPTION],
    refusals: ["PeerError"],
    read: (text) => withUsableSections(text, CODECS),
  },
  {
    name: "session description",
    sources: [],
    seeds: [DESCRIPTION],
    refusals: [],
    read(text) {
      usernameFragments(text);
      candidateSections(text);
      directionsNegotiatedBy(text, true);
      withCandidates(text, [{ candidate: LINE, sdpMid: "0" }]);
      withOfferedNumbers(DESCRIPTION, text);
      return withSoundPackets(withVideoCeiling(withReceiverEstimate(text), 100_000), "long");
    },
  },
  {
    name: "candidates of a description",
    sources: ["plugin/peer/remote-candidates.ts"],
    seeds: [DESCRIPTION],
    refusals: [],
    read: (text) => withCandidatesThat((line) => whyRefused(line, VIEW) === null, text),
  },
  {
    name: "candidate",
    sources: [],
    seeds: [LINE, LINE.replace("203.0.113.9", "a-b.local"), LINE.replace("203.0.113.9", "2001:db8::1")],
    refusals: [],
    read: (text) => [
      ...[whyRefused(text, VIEW), fragmentOf({ candidate: text }), scopeOf(text), localNameIn(text)],
      withAddresses(text, [text, "192.0.2.1"], VIEW),
    ],
  },
  {
    name: "candidate, for the words about a path that is not found",
    sources: ["plugin/peer/path/path-search.ts"],
    seeds: [LINE, DESCRIPTION],
    refusals: [],
    read(text) {
      const search = newPathSearch();
      search.addRemote({ candidate: text });
      search.addOwn(text);
      search.describedBy(text);
      search.close();
    },
  },
  {
    name: "answer of a TURN server",
    sources: ["plugin/peer/path/path-trouble.ts"],
    seeds: ["Unauthorized", "TURN host lookup received error."],
    refusals: [],
    read(text) {
      const search = newPathSearch();
      for (const errorCode of [401, 701]) search.addError({ url: TURN_URL, errorCode, errorText: text });
      search.close();
      const answers = [401, 701].map((code) => new Map([[TURN_URL, { code, text }]]));
      const facts = {
        turnUrls: [TURN_URL],
        isRelayOnly: false,
        hasRelay: false,
        hasOwn: true,
        hasRemote: true,
      };
      return answers.map((one) => describeTrouble({ ...facts, answers: one }));
    },
  },
  {
    name: "mask of an event log",
    sources: ["statecharts/record/mask.ts"],
    seeds: [DESCRIPTION, "VIDIOC_DQBUF on /dev/video0 (usb:1-2): ENODEV at 192.0.2.1 and fe80::1, x-y.local"],
    refusals: [],
    read(text) {
      const mask = new Mask();
      return [mask.value(text), mask.value(text, "deviceId"), mask.value(`${text} ${text}`)];
    },
  },
  {
    name: "record of a call",
    sources: ["plugin/calls/call-record.ts"],
    seeds: [
      '{"format":1,"callId":"c","peerId":"12D3KooWPeer","selfId":"12D3KooWSelf","addresses":["/ip4/1.2.3.4/tcp/1"],' +
        '"direction":"incoming","media":"video","createdAt":1,"connectedAt":2}',
    ],
    refusals: ["SyntaxError", "ZodError", "Error"],
    read: readRecord,
  },
];
