// Each peer's public key, and whether the peer can decrypt. The number of peers is limited. A field that a later message
// omits keeps its value.

import { z } from "zod";
import { MAX_PEER_KEYS } from "../timings.ts";

export interface PeerKey {
  readonly publicKey?: Uint8Array;
  /** The peer announced that it can decrypt messages. */
  readonly encryptionSupported: boolean;
}

const rowsSchema = z.record(
  z.string(),
  z.object({ publicKey: z.string().optional(), encryptionSupported: z.boolean() }),
);

/** Parses 32 bytes in standard base64 with padding, as Goop² writes keys. @returns undefined for any other text */
export function parsePublicKey(text: string): Uint8Array | undefined {
  return /^[A-Za-z0-9+/]{43}=$/.test(text) ? Uint8Array.from(Buffer.from(text, "base64")) : undefined;
}

export class PeerKeys {
  /** The least recently changed first. */
  readonly #keys = new Map<string, PeerKey>();
  readonly #isContact: (peerId: string) => boolean;
  readonly #onChange: () => void;

  /** @param isContact keys of contacts are dropped last when there are too many */
  constructor(isContact: (peerId: string) => boolean, onChange: () => void) {
    this.#isContact = isContact;
    this.#onChange = onChange;
  }

  get(peerId: string): PeerKey | undefined {
    return this.#keys.get(peerId);
  }

  /** @returns true if the peer has a new key */
  learn(peerId: string, { publicKey, encryptionSupported }: PeerKey): boolean {
    const old = this.#keys.get(peerId);
    const hasNewKey = publicKey !== undefined && !isSame(publicKey, old?.publicKey);
    const isNowSupported = encryptionSupported && !old?.encryptionSupported;
    if (!hasNewKey && !isNowSupported) return false;
    const key = publicKey ?? old?.publicKey;
    this.#keys.delete(peerId);
    this.#makeRoom();
    this.#keys.set(peerId, {
      ...(key ? { publicKey: key } : {}),
      encryptionSupported: encryptionSupported || (old?.encryptionSupported ?? false),
    });
    this.#onChange();
    return hasNewKey;
  }

  /** @returns JSON text for `load` */
  serialize(): string {
    const rows = [...this.#keys].map(([peerId, { publicKey, encryptionSupported }]) => [
      peerId,
      {
        ...(publicKey ? { publicKey: Buffer.from(publicKey).toString("base64") } : {}),
        encryptionSupported,
      },
    ]);
    return JSON.stringify(Object.fromEntries(rows));
  }

  /** Adds the keys from the text of `serialize`. @throws Error if the text is invalid */
  load(text: string): void {
    for (const [peerId, { publicKey, encryptionSupported }] of Object.entries(
      rowsSchema.parse(JSON.parse(text)),
    ).slice(-MAX_PEER_KEYS)) {
      const key = publicKey === undefined ? undefined : parsePublicKey(publicKey);
      this.#keys.set(peerId, { ...(key ? { publicKey: key } : {}), encryptionSupported });
    }
  }

  /** Drops the oldest key of a stranger, or else the oldest key. */
  #makeRoom(): void {
    if (this.#keys.size < MAX_PEER_KEYS) return;
    const peerIds = [...this.#keys.keys()];
    const dropped = peerIds.find((peerId) => !this.#isContact(peerId)) ?? peerIds[0];
    if (dropped !== undefined) this.#keys.delete(dropped);
  }
}

function isSame(left: Uint8Array, right: Uint8Array | undefined): boolean {
  return right !== undefined && Buffer.from(left).equals(right);
}
