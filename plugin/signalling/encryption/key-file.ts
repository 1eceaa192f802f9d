// The node's Ed25519 key on disk, in the protobuf form of the libp2p peer id specification ("Keys"). Goop² uses the same
// form: the bytes 08 01 12 40, the 32-byte seed and the 32-byte public key. A damaged file is an error and is never replaced,
// because a new key would be a new identity.

import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import type { Log } from "../../log.ts";
import { loadOrCreateSecret } from "./secret-file.ts";

/** KeyType Ed25519 (field 1 = 1), Data of 64 bytes (field 2). */
const HEADER = Uint8Array.of(0x08, 0x01, 0x12, 0x40);
const SEED_BYTES = 32;
const FILE_BYTES = HEADER.length + 2 * SEED_BYTES;
/** The bytes before the seed in a PKCS #8 Ed25519 private key (RFC 8410 section 7). */
const PKCS8_HEADER = Buffer.from("302e020100300506032b657004220420", "hex");

/** @returns a new key in protobuf encoding, which is not stored */
export function generateKey(): Uint8Array {
  const pkcs8 = generateKeyPairSync("ed25519").privateKey.export({ format: "der", type: "pkcs8" });
  return encode(pkcs8.subarray(PKCS8_HEADER.length));
}

/** @throws SignallingError startFailed if the file is damaged or cannot be read or created */
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
