// What the peer gets when media go only through a TURN server: no address of ours.

import assert from "node:assert/strict";
import { test } from "node:test";
import { relayedCandidate, withRelayedOnly } from "../../../plugin/peer/relay-only.ts";
import { createWrtcEngine } from "../../../plugin/peer/wrtc-engine.ts";
import { stubWrtc } from "../../support/fakes/stub-wrtc.ts";

const RELAYED =
  "candidate:2 1 udp 41819903 203.0.113.5 42091 typ relay raddr 192.0.2.7 rport 5000 generation 0";
const HIDDEN = "candidate:2 1 udp 41819903 203.0.113.5 42091 typ relay raddr 0.0.0.0 rport 9 generation 0";
const OTHERS = [
  "candidate:1 1 udp 2122260223 192.0.2.7 5000 typ host generation 0",
  "candidate:3 1 udp 1686052607 198.51.100.9 5000 typ srflx raddr 192.0.2.7 rport 5000 generation 0",
  "candidate:4 1 udp 1686052607 198.51.100.9 5000 typ prflx raddr 192.0.2.7 rport 5000",
  "candidate:5 1 tcp 1518280447 192.0.2.7 9 typ host tcptype active",
  "candidate:6 1 udp 1 relay.example 9 typ",
  "candidate:7 1 udp 1 192.0.2.7 9",
];

test("only relayed candidates pass, without the address that the TURN server sees", () => {
  const fields = { sdpMid: "0", sdpMLineIndex: 0, usernameFragment: "abcd" };
  assert.deepEqual(relayedCandidate({ candidate: RELAYED, ...fields }), { candidate: HIDDEN, ...fields });
  for (const candidate of OTHERS) assert.equal(relayedCandidate({ candidate, ...fields }), null, candidate);
});

test("an IPv6 related address is hidden as one", () => {
  const line = "candidate:2 1 udp 4 2001:db8::5 42091 typ relay raddr 2001:db8::7 rport 5000";
  assert.match(relayedCandidate({ candidate: line })?.candidate ?? "", / raddr :: rport 9$/);
});

test("a description keeps its relayed candidates and loses every address", () => {
  const before = [
    "v=0",
    "o=- 1 2 IN IP4 127.0.0.1",
    "m=audio 5000 UDP/TLS/RTP/SAVPF 111",
    "c=IN IP4 192.0.2.7",
    "a=rtcp:5001 IN IP4 192.0.2.7",
    ...[...OTHERS, RELAYED].map((line) => `a=${line}`),
    "a=mid:0",
    "m=video 0 UDP/TLS/RTP/SAVPF 96",
    "c=IN IP6 2001:db8::7",
    "",
  ];
  assert.deepEqual(withRelayedOnly(before.join("\r\n")).split("\r\n"), [
    "v=0",
    "o=- 1 2 IN IP4 127.0.0.1",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111",
    "c=IN IP4 0.0.0.0",
    "a=rtcp:9 IN IP4 0.0.0.0",
    `a=${HIDDEN}`,
    "a=mid:0",
    "m=video 0 UDP/TLS/RTP/SAVPF 96",
    "c=IN IP4 0.0.0.0",
    "",
  ]);
});

for (const [relayOnly, policy] of [
  [true, "relay"],
  [false, "all"],
] as const) {
  test(`the engine's policy is ${policy} with relayOnly ${relayOnly}`, async () => {
    const { module } = stubWrtc();
    const configurations: unknown[] = [];
    const Connection = module.RTCPeerConnection;
    const observed = class extends Connection {
      constructor(configuration: ConstructorParameters<typeof Connection>[0]) {
        super(configuration);
        configurations.push(configuration);
      }
    };
    const engine = createWrtcEngine(() => ({ ...module, RTCPeerConnection: observed }));
    const ignore = () => undefined;
    const peer = await engine.createPeer(
      { iceServers: [], relayOnly, maxVideoBitrateBps: 1, gatherMs: 0, placeOfPeer: () => "machine" },
      {
        ...{
          onCandidate: ignore,
          onConnectionState: ignore,
          onPathTrouble: () => undefined,
          onRefused: () => undefined,
          onNegotiated: ignore,
        },
        ...{ onVideo: ignore, onAudio: ignore },
      },
    );
    peer.close();
    assert.deepEqual(configurations, [{ iceServers: [], iceTransportPolicy: policy }]);
  });
}
