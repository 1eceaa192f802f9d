// Presence messages that one neighbour signs with keys of its own making, as frames of gossip. Written from the specification of
// libp2p's pubsub. It must not import the plugin.

import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { publicKeyFromProtobuf } from "@libp2p/crypto/keys";
import { peerIdFromPublicKey } from "@libp2p/peer-id";
import { varint } from "./raw-connection.ts";

const TOPIC = "goop.presence.v1";
const SIGNED_PREFIX = "libp2p-pubsub:";
/** The protobuf of an Ed25519 public key, before its 32 bytes. */
const ED25519 = Buffer.from([8, 1, 18, 32]);
/** Fields of the message. */
const [FROM, DATA, SEQ, TOPIC_FIELD, SIGNATURE] = [1, 2, 3, 4, 5] as const;
const PUBLISH = 2;
const ADDRESSES = 16;

export interface MadeUpPeer {
  readonly peerId: string;
  readonly idBytes: Uint8Array;
  readonly privateKey: KeyObject;
}

export function makeUpPeer(): MadeUpPeer {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const raw = Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url");
  const peerId = peerIdFromPublicKey(publicKeyFromProtobuf(Buffer.concat([ED25519, raw])));
  return { peerId: peerId.toString(), idBytes: peerId.toMultihash().bytes, privateKey };
}

/** An update with 16 addresses of 150 characters. @param index makes it differ from the others, and newer */
export function presenceRpc({ peerId, idBytes, privateKey }: MadeUpPeer, index: number): Buffer {
  const addrs = Array.from(
    { length: ADDRESSES },
    (_, each) => `/ip4/10.9.8.7/tcp/${1 + ((index + each) % 60_000)}/p2p/${peerId}/p2p-circuit/p2p/${peerId}`,
  );
  const presence = { type: "update", peerId, content: `made up ${index}`, addrs, ts: Date.now() + index };
  const seq = Buffer.alloc(8);
  seq.writeBigUInt64BE(BigInt(index));
  const unsigned = Buffer.concat([
    field(FROM, idBytes),
    field(DATA, Buffer.from(JSON.stringify(presence))),
    field(SEQ, seq),
    field(TOPIC_FIELD, Buffer.from(TOPIC)),
  ]);
  const signature = sign(null, Buffer.concat([Buffer.from(SIGNED_PREFIX), unsigned]), privateKey);
  const rpc = field(PUBLISH, Buffer.concat([unsigned, field(SIGNATURE, signature)]));
  return Buffer.concat([varint(rpc.length), rpc]);
}

/** Gossip's control messages: a thousand made-up topics, and as many messages that we claim to have or ask for. */
export function controlRpc(index: number): Buffer {
  const made = Array.from({ length: 1_000 }, (_, each) => Buffer.from(`made-up-${index}-${each}`));
  const subscriptions = made.map((topic) => field(1, Buffer.concat([Buffer.from([8, 1]), field(2, topic)])));
  const ids = Buffer.concat(made.map((id) => field(2, id)));
  const have = field(1, Buffer.concat([field(1, Buffer.from(TOPIC)), ids]));
  const want = field(2, Buffer.concat(made.map((id) => field(1, id))));
  const rpc = Buffer.concat([...subscriptions, field(3, Buffer.concat([have, want]))]);
  return Buffer.concat([varint(rpc.length), rpc]);
}

/** A protobuf field of bytes. */
export function field(number: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}
