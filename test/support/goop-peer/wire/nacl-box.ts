// Sealed payloads [2.5]: NaCl's crypto_box by tweetnacl, to check the plugin's encryption against another implementation.

import nacl from "tweetnacl";

const NONCE_BYTES = nacl.box.nonceLength;
/** Nonce and tag. */
const SMALLEST_BYTES = NONCE_BYTES + nacl.box.overheadLength;

/** Standard base64 with padding, 32 bytes each. */
export interface NaclKeys {
  readonly publicKey: string;
  readonly privateKey: string;
}

export function makeKeys(): NaclKeys {
  const { publicKey, secretKey } = nacl.box.keyPair();
  return { publicKey: toBase64(publicKey), privateKey: toBase64(secretKey) };
}

/** @returns the sealed payload: an object with the single key `enc` */
export function seal(payload: unknown, theirPublicKey: string, myPrivateKey: string): { enc: string } {
  const nonce = nacl.randomBytes(NONCE_BYTES);
  const plain = new TextEncoder().encode(JSON.stringify(payload));
  const box = nacl.box(plain, nonce, fromBase64(theirPublicKey), fromBase64(myPrivateKey));
  return { enc: Buffer.concat([nonce, box]).toString("base64") };
}

/** @returns the payload; undefined when the blob is too short, modified, or sealed with other keys */
export function open(enc: string, theirPublicKey: string, myPrivateKey: string): unknown {
  const blob = fromBase64(enc);
  if (blob.length < SMALLEST_BYTES) return undefined;
  const nonce = blob.subarray(0, NONCE_BYTES);
  const plain = nacl.box.open(
    blob.subarray(NONCE_BYTES),
    nonce,
    fromBase64(theirPublicKey),
    fromBase64(myPrivateKey),
  );
  return plain === null ? undefined : JSON.parse(new TextDecoder().decode(plain));
}

const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
const fromBase64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "base64"));
