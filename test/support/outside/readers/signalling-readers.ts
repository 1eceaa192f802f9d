// Readers of what a peer sends outside of calls, and of what the local network announces.

import { createUnknownFieldLog } from "../../../../plugin/common/unknown-field-log.ts";
import { isDialable } from "../../../../plugin/signalling/contacts/announced-address.ts";
import { PeerKeys, parsePublicKey } from "../../../../plugin/signalling/encryption/peer-keys.ts";
import { generateSealKey } from "../../../../plugin/signalling/encryption/seal-key.ts";
import { Sealing } from "../../../../plugin/signalling/encryption/sealing.ts";
import { JsonObjectDecoder, LineDecoder } from "../../../../plugin/signalling/goop-wire/decoders.ts";
import { parseAck, parseMessage } from "../../../../plugin/signalling/goop-wire/goop-mq.ts";
import { parseIdentity } from "../../../../plugin/signalling/goop-wire/identity.ts";
import { readableLabel } from "../../../../plugin/signalling/goop-wire/label-protocol.ts";
import {
  isRoutableAddress,
  parsePresence,
} from "../../../../plugin/signalling/goop-wire/presence-message.ts";
import { listenFailureText } from "../../../../plugin/signalling/libp2p/listen-failure.ts";
import { parseSignal } from "../../../../plugin/signalling/topics.ts";
import type { OutsideReader } from "../readers.ts";

const MOST_BYTES = 1024 * 1024;
const CHUNK_BYTES = 100;

/** The text as it arrives, in small chunks. */
export function chunksOf(text: string): Buffer[] {
  const bytes = Buffer.from(text);
  return Array.from({ length: Math.ceil(bytes.length / CHUNK_BYTES) }, (_, index) =>
    bytes.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES),
  );
}

/** The parsed text, or the text itself as a value. */
function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const keys = new PeerKeys(
  () => true,
  () => undefined,
);
keys.learn("p", { publicKey: generateSealKey().publicKey, encryptionSupported: true });
const sealing = new Sealing(generateSealKey(), keys, () => undefined);

const MESSAGE =
  '{"type":"msg","id":"1f","seq":3,"topic":"call:c","payload":{"type":"call-ack","mode":"native"}}\n';
const ONLINE =
  '{"type":"online","peerId":"12D3KooWPeer","content":"Alice","addrs":["/ip4/192.0.2.1/tcp/4001"],"ts":1}';

export const signallingReaders: readonly OutsideReader[] = [
  {
    name: "message frames",
    sources: ["plugin/signalling/goop-wire/goop-mq.ts"],
    seeds: [MESSAGE, '{"type":"ack","id":"1f","seq":3}'],
    refusals: ["MalformedMessageError"],
    read(text) {
      const decoder = new JsonObjectDecoder(MOST_BYTES);
      for (const chunk of chunksOf(text)) {
        const whole = decoder.push(chunk);
        if (whole !== undefined) return [parseMessage(whole), parseAck(whole)];
      }
      return decoder.end();
    },
  },
  {
    name: "label of a peer",
    sources: ["plugin/signalling/goop-wire/label-protocol.ts"],
    seeds: ["Alice\n", "Al\u202eice\u0000 \u200b"],
    refusals: ["MalformedMessageError"],
    read(text) {
      const decoder = new LineDecoder(MOST_BYTES);
      const line = chunksOf(text)
        .map((chunk) => decoder.push(chunk))
        .find((whole) => whole !== undefined);
      return readableLabel(line ?? decoder.end());
    },
  },
  {
    name: "presence",
    sources: ["plugin/signalling/goop-wire/presence-message.ts"],
    seeds: [ONLINE],
    refusals: [],
    read: (text) => parsePresence(Buffer.from(text))?.addresses.filter(isRoutableAddress),
  },
  {
    name: "address of a peer",
    sources: ["plugin/signalling/contacts/announced-address.ts"],
    seeds: ["/ip4/127.0.0.1/tcp/1/p2p/Q", "/ip6/fe80::1/tcp/1"],
    refusals: [],
    read: (text) => isDialable(text, "link"),
  },
  {
    name: "signals",
    sources: ["rpc-schema/common.ts"],
    seeds: [
      '{"type":"call-offer","sdp":"v=0"}',
      '{"type":"ice-candidate","candidate":{"candidate":"candidate:1 1 udp 1 1.2.3.4 5 typ host","sdpMid":"0"}}',
      '{"type":"call-media","microphone":true,"camera":false,"why":"x","new":{"a":[1]}}',
    ],
    refusals: [],
    read: (text) =>
      parseSignal(
        "call:c1",
        jsonOr(text),
        createUnknownFieldLog(() => undefined),
      ),
  },
  {
    name: "topics",
    sources: [],
    seeds: ["call:c-1", "call:loopback:c"],
    refusals: [],
    read: (text) => parseSignal(text, { type: "call-ack" }),
  },
  {
    name: "identity",
    sources: ["plugin/signalling/encryption/peer-keys.ts"],
    seeds: [`{"peerID":"p","content":"A","publicKey":"${"A".repeat(43)}=","encryptionSupported":true}`],
    refusals: [],
    read: (text) => [parseIdentity(jsonOr(text), "p"), parsePublicKey(text)],
  },
  {
    name: "sealed payloads",
    sources: ["plugin/signalling/encryption/sealing.ts"],
    seeds: ['{"enc":"AAAA"}'],
    refusals: [],
    read: (text) => [sealing.open("p", jsonOr(text)), sealing.open("p", { enc: text })],
  },
  {
    name: "keys of peers in a file",
    sources: [],
    seeds: [keys.serialize()],
    refusals: ["SyntaxError", "ZodError"],
    read(text) {
      const loaded = new PeerKeys(
        () => true,
        () => undefined,
      );
      loaded.load(text);
      return loaded.serialize();
    },
  },
  {
    name: "reason why the node does not listen",
    sources: ["plugin/signalling/libp2p/listen-failure.ts"],
    seeds: ["Some transports failed:\n/ip4/1.2.3.4/tcp/1: Error: listen EADDRNOTAVAIL\n"],
    refusals: [],
    read: (text) => listenFailureText(new Error(text), []),
  },
];
