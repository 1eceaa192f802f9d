// The node's Ed25519 key on disk, in libp2p's protobuf form, as the host keeps its own: bytes 08 01 12 40, the
// 32-byte seed, the 32-byte public key (libp2p peer id specification, "Keys"). A file that is damaged is an error,
// never replaced: a new key would be a new identity.

import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import type { Log } from "../../log.ts";
import { loadOrCreateSecret } from "./secret-file.ts";

/** KeyType Ed25519 (field 1 = 1), Data of 64 bytes (field 2). */
const HEADER = Uint8Array.of(0x08, 0x01, 0x12, 0x40);
const SEED_BYTES = 32;
const FILE_BYTES = HEADER.length + 2 * SEED_BYTES;
/** RFC 8410 section 7: what stands before the seed in a PKCS #8 Ed25519 private key. */
const PKCS8_HEADER = Buffer.from("302e020100300506032b657004220420", "hex");

/** A new key in memory, protobuf encoded. */
export function generateKey(): Uint8Array {
  const pkcs8 = generateKeyPairSync("ed25519").privateKey.export({ format: "der", type: "pkcs8" });
  return encode(pkcs8.subarray(PKCS8_HEADER.length));
}

/** @throws SignallingError startFailed when the file cannot be read or made, or is damaged */
export function loadOrCreateKey(path: string, log: Log): Promise<Uint8Array> {
  return loadOrCreateSecret({ what: "key file", path, create: generateKey, check, log });
}

function check(bytes: Uint8Array): Uint8Array {
  if (bytes.length !== FILE_BYTES) {
    throw new Error(
      `is ${bytes.length} bytes long, expected ${FILE_BYTES}; move it away to get a new identity`,
    );
  }
  const seed = bytes.subarray(HEADER.length, HEADER.length + SEED_BYTES);
  if (!Buffer.from(encode(seed)).equals(bytes)) {
    throw new Error("is not a libp2p Ed25519 private key; move it away to get a new identity");
  }
  return bytes;
}

function encode(seed: Uint8Array): Uint8Array {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_HEADER, seed]), format: "der", type: "pkcs8" });
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  return Buffer.concat([HEADER, seed, spki.subarray(spki.length - SEED_BYTES)]);
}
