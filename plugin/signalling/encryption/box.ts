// NaCl's crypto_box (X25519, HSalsa20, XSalsa20-Poly1305; nacl.cr.yp.to/box.html), with which Goop² encrypts messages
// between peers.

import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject, randomBytes } from "node:crypto";
import { hsalsa, xsalsa20poly1305 } from "@noble/ciphers/salsa.js";

export const BOX_KEY_BYTES = 32;
const NONCE_BYTES = 24;
const TAG_BYTES = 16;
/** The bytes before the 32 bytes of an X25519 key in PKCS #8 and SubjectPublicKeyInfo (RFC 8410 section 7). */
const PKCS8_HEADER = Buffer.from("302e020100300506032b656e04220420", "hex");
const SPKI_HEADER = Buffer.from("302a300506032b656e032100", "hex");
/** Salsa20's constant for keys of 32 bytes. */
const SIGMA = wordsOf(new TextEncoder().encode("expand 32-byte k"));

/** The shared secret of two keys, equal on both sides (crypto_box_beforenm). @throws Error for an unusable public key */
export function sharedKey(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
  const secret = diffieHellman({ privateKey: privateKeyOf(privateKey), publicKey: publicKeyOf(publicKey) });
  const out = new Uint32Array(BOX_KEY_BYTES / 4);
  hsalsa(SIGMA, wordsOf(secret), new Uint32Array(4), out);
  return new Uint8Array(out.buffer);
}

/** @returns a random nonce, then the box with its tag first, as Goop² writes it */
export function seal(
  shared: Uint8Array,
  plain: Uint8Array,
  nonce: Uint8Array = randomBytes(NONCE_BYTES),
): Uint8Array {
  return Buffer.concat([nonce, xsalsa20poly1305(shared, nonce).encrypt(plain)]);
}

/** @throws Error if the box was made with another key, or was changed */
export function unseal(shared: Uint8Array, sealed: Uint8Array): Uint8Array {
  if (sealed.length < NONCE_BYTES + TAG_BYTES)
    throw new Error(`${sealed.length} bytes are too few for a box`);
  const nonce = sealed.subarray(0, NONCE_BYTES);
  return xsalsa20poly1305(shared, nonce).decrypt(sealed.subarray(NONCE_BYTES));
}

/** The public key of a private one. */
export function publicBoxKey(privateKey: Uint8Array): Uint8Array {
  const spki = createPublicKey(privateKeyOf(privateKey)).export({ format: "der", type: "spki" });
  return Uint8Array.from(spki.subarray(spki.length - BOX_KEY_BYTES));
}

function privateKeyOf(bytes: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8_HEADER, bytes]), format: "der", type: "pkcs8" });
}

function publicKeyOf(bytes: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([SPKI_HEADER, bytes]), format: "der", type: "spki" });
}

/** A copy, because a Uint32Array must start at a multiple of four bytes. */
function wordsOf(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(Uint8Array.from(bytes).buffer);
}
