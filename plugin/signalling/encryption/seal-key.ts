// Our own key for sealed payloads, on disk beside the identity: 32 bytes private key, 32 bytes public key. A damaged file
// is an error, never replaced: peers that know the old key would go on sealing for it.

import { randomBytes } from "node:crypto";
import type { Log } from "../../log.ts";
import { BOX_KEY_BYTES, publicBoxKey } from "./box.ts";
import { loadOrCreateSecret } from "./secret-file.ts";

export interface SealKey {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** A new key in memory. */
export function generateSealKey(): SealKey {
  const privateKey = Uint8Array.from(randomBytes(BOX_KEY_BYTES));
  return { privateKey, publicKey: publicBoxKey(privateKey) };
}

/** @throws SignallingError startFailed when the file cannot be read or made, or is damaged */
export async function loadOrCreateSealKey(path: string, log: Log): Promise<SealKey> {
  const create = () => {
    const { privateKey, publicKey } = generateSealKey();
    return Buffer.concat([privateKey, publicKey]);
  };
  const bytes = await loadOrCreateSecret({ what: "seal key file", path, create, check, log });
  return { privateKey: bytes.subarray(0, BOX_KEY_BYTES), publicKey: bytes.subarray(BOX_KEY_BYTES) };
}

function check(bytes: Uint8Array): Uint8Array {
  if (bytes.length !== 2 * BOX_KEY_BYTES) {
    throw new Error(
      `is ${bytes.length} bytes long, expected ${2 * BOX_KEY_BYTES}; move it away to get a new key`,
    );
  }
  const publicKey = publicBoxKey(bytes.subarray(0, BOX_KEY_BYTES));
  if (!Buffer.from(publicKey).equals(bytes.subarray(BOX_KEY_BYTES))) {
    throw new Error("is not an X25519 private key with its public key; move it away to get a new key");
  }
  return bytes;
}
