// Encrypts payloads for peers that can decrypt them, and decrypts the payloads of peers. An encrypted ("sealed") payload is
// {"enc": "<base64 of nonce and box>"} and holds the JSON of the plain payload. Topic, id and sequence number stay readable.

import { isRecord } from "../../../rpc-schema/is-record.ts";
import { errorText } from "../../common/error-text.ts";
import type { Log } from "../../log.ts";
import { seal, sharedKey, unseal } from "./box.ts";
import type { PeerKey, PeerKeys } from "./peer-keys.ts";
import type { SealKey } from "./seal-key.ts";

/** The plain payload, or the encrypted text if our keys cannot decrypt it. */
export type OpenedPayload = { readonly payload: unknown } | { readonly sealed: string };

export class Sealing {
  readonly #own: SealKey;
  readonly #keys: PeerKeys;
  readonly #log: Log;
  /** A cache: computing a shared key takes 0.3 ms, ten times as long as decrypting a message. */
  readonly #shared = new WeakMap<PeerKey, Uint8Array>();

  constructor(own: SealKey, keys: PeerKeys, log: Log) {
    this.#own = own;
    this.#keys = keys;
    this.#log = log;
  }

  /** Our public key in standard base64, as it is sent to peers. */
  get publicKey(): string {
    return Buffer.from(this.#own.publicKey).toString("base64");
  }

  /** Whether the peer's key is known and valid, and the peer announced that it can decrypt. */
  canSeal(peerId: string): boolean {
    const key = this.#keys.get(peerId);
    return key?.encryptionSupported === true && this.#sharedWith(peerId, key) !== undefined;
  }

  /** @returns the payload unchanged if the peer's key is unknown, or if the peer did not announce that it can decrypt */
  seal(peerId: string, payload: unknown): unknown {
    const key = this.#keys.get(peerId);
    if (!key?.encryptionSupported) return payload;
    const shared = this.#sharedWith(peerId, key);
    if (!shared) return payload;
    const plain = new TextEncoder().encode(JSON.stringify(payload));
    return { enc: Buffer.from(seal(shared, plain)).toString("base64") };
  }

  /** Never throws. A known key suffices, even if the peer did not announce that it can decrypt. */
  open(from: string, payload: unknown): OpenedPayload {
    const sealed = sealedTextOf(payload);
    if (sealed === undefined) return { payload };
    const key = this.#keys.get(from);
    const shared = key && this.#sharedWith(from, key);
    if (!shared) return { sealed };
    try {
      const plain = unseal(shared, Buffer.from(sealed, "base64"));
      return { payload: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(plain)) };
    } catch (error) {
      this.#log("debug", `cannot decrypt a payload from ${from}: ${errorText(error)}`);
      return { sealed };
    }
  }

  /** @returns undefined if the peer's key is unknown or invalid */
  #sharedWith(peerId: string, key: PeerKey): Uint8Array | undefined {
    const cached = this.#shared.get(key);
    if (cached || !key.publicKey) return cached;
    try {
      const shared = sharedKey(this.#own.privateKey, key.publicKey);
      this.#shared.set(key, shared);
      return shared;
    } catch (error) {
      this.#log("debug", `the key of ${peerId} is invalid: ${errorText(error)}`);
      return undefined;
    }
  }
}

/** Whether the payload is encrypted. */
export function isSealed(payload: unknown): boolean {
  return sealedTextOf(payload) !== undefined;
}

/** Only an object whose single field is the text `enc` is encrypted. */
function sealedTextOf(payload: unknown): string | undefined {
  if (!isRecord(payload)) return undefined;
  const isOnlyField = Object.keys(payload).length === 1;
  return isOnlyField && typeof payload.enc === "string" ? payload.enc : undefined;
}
