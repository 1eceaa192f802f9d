// Our own encryption key, stored beside the identity as 32 bytes of private key and 32 bytes of public key. A damaged file
// is an error and is never replaced, because peers would continue to encrypt for the old key.

import { randomBytes } from "node:crypto";
import type { Log } from "../../log.ts";
import { BOX_KEY_BYTES, publicBoxKey } from "./box.ts";
import { loadOrCreateSecret } from "./secret-file.ts";

export interface SealKey {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** @returns a new key, which is not stored */
export function generateSealKey(): SealKey {
  const privateKey = Uint8Array.from(randomBytes(BOX_KEY_BYTES));
  return { privateKey, publicKey: publicBoxKey(privateKey) };
}

/** @throws SignallingError startFailed if the file is damaged or cannot be read or created */
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
