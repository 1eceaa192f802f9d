// Seals what we say to a peer as soon as it can open it, and opens what peers sealed. A sealed payload is
// {"enc": "<base64 of nonce and box>"} around the JSON of the plain one; topic, id and number stay readable.

import { errorText } from "../../common/error-text.ts";
import type { Log } from "../../log.ts";
import { seal, sharedKey, unseal } from "./box.ts";
import type { PeerKey, PeerKeys } from "./peer-keys.ts";
import type { SealKey } from "./seal-key.ts";

/** A payload that anybody can read, or that nobody can with the keys we know. */
export type Opened = { readonly payload: unknown } | { readonly sealed: string };

export class Sealing {
  readonly #own: SealKey;
  readonly #keys: PeerKeys;
  readonly #log: Log;
  /** Agreeing on a key takes 0.3 ms, opening a message a tenth of that. */
  readonly #shared = new WeakMap<PeerKey, Uint8Array>();

  constructor(own: SealKey, keys: PeerKeys, log: Log) {
    this.#own = own;
    this.#keys = keys;
    this.#log = log;
  }

  /** In standard base64, as peers are told. */
  get publicKey(): string {
    return Buffer.from(this.#own.publicKey).toString("base64");
  }

  /** The payload itself while the peer's key is unknown, or it has not said that it opens sealed ones. */
  seal(peerId: string, payload: unknown): unknown {
    const key = this.#keys.get(peerId);
    if (!key?.encryptionSupported) return payload;
    const shared = this.#sharedWith(peerId, key);
    if (!shared) return payload;
    const plain = new TextEncoder().encode(JSON.stringify(payload));
    return { enc: Buffer.from(seal(shared, plain)).toString("base64") };
  }

  /** Never throws: it comes from a stranger. Whether the peer says that it opens sealed ones does not matter. */
  open(from: string, payload: unknown): Opened {
    const sealed = sealedTextOf(payload);
    if (sealed === undefined) return { payload };
    const key = this.#keys.get(from);
    const shared = key && this.#sharedWith(from, key);
    if (!shared) return { sealed };
    try {
      const plain = unseal(shared, Buffer.from(sealed, "base64"));
      return { payload: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(plain)) };
    } catch (error) {
      this.#log("debug", `a sealed payload from ${from} cannot be opened: ${errorText(error)}`);
      return { sealed };
    }
  }

  /** Undefined when the peer's key is unknown or makes none. */
  #sharedWith(peerId: string, key: PeerKey): Uint8Array | undefined {
    const known = this.#shared.get(key);
    if (known || !key.publicKey) return known;
    try {
      const shared = sharedKey(this.#own.privateKey, key.publicKey);
      this.#shared.set(key, shared);
      return shared;
    } catch (error) {
      this.#log("debug", `the key of ${peerId} is none: ${errorText(error)}`);
      return undefined;
    }
  }
}

/** The text of an object with `enc` alone; anything else is not sealed. */
function sealedTextOf(payload: unknown): string | undefined {
  if (typeof payload !== "object" || payload === null || !("enc" in payload)) return undefined;
  const isAlone = Object.keys(payload).length === 1;
  return isAlone && typeof payload.enc === "string" ? payload.enc : undefined;
}
