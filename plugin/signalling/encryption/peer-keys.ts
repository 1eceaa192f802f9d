// With which key each peer seals, and whether it can open: bounded, and sticky, since what a peer leaves out later it
// has not taken back. Knows no cryptography and no files.

import { z } from "zod";
import { MAX_PEER_KEYS } from "../timings.ts";

export interface PeerKey {
  readonly publicKey?: Uint8Array;
  /** The peer said that it opens sealed payloads. */
  readonly encryptionSupported: boolean;
}

const rowsSchema = z.record(
  z.string(),
  z.object({ publicKey: z.string().optional(), encryptionSupported: z.boolean() }),
);

/** 32 bytes in standard base64 with padding, as the host writes keys; undefined for anything else. */
export function parsePublicKey(text: string): Uint8Array | undefined {
  return /^[A-Za-z0-9+/]{43}=$/.test(text) ? Uint8Array.from(Buffer.from(text, "base64")) : undefined;
}

export class PeerKeys {
  /** The least recently taught first. */
  readonly #keys = new Map<string, PeerKey>();
  readonly #isContact: (peerId: string) => boolean;
  readonly #onChange: () => void;

  /** @param isContact whose keys are kept when there is no room for all */
  constructor(isContact: (peerId: string) => boolean, onChange: () => void) {
    this.#isContact = isContact;
    this.#onChange = onChange;
  }

  get(peerId: string): PeerKey | undefined {
    return this.#keys.get(peerId);
  }

  /** True when the peer's key is another one than before. */
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

  /** As JSON text, for `load`. */
  save(): string {
    const rows = [...this.#keys].map(([peerId, { publicKey, encryptionSupported }]) => [
      peerId,
      {
        ...(publicKey ? { publicKey: Buffer.from(publicKey).toString("base64") } : {}),
        encryptionSupported,
      },
    ]);
    return JSON.stringify(Object.fromEntries(rows));
  }

  /** Adds what `save` gave. @throws Error when it is something else */
  load(text: string): void {
    for (const [peerId, { publicKey, encryptionSupported }] of Object.entries(
      rowsSchema.parse(JSON.parse(text)),
    ).slice(-MAX_PEER_KEYS)) {
      const key = publicKey === undefined ? undefined : parsePublicKey(publicKey);
      this.#keys.set(peerId, { ...(key ? { publicKey: key } : {}), encryptionSupported });
    }
  }

  #makeRoom(): void {
    if (this.#keys.size < MAX_PEER_KEYS) return;
    const peerIds = [...this.#keys.keys()];
    const leaving = peerIds.find((peerId) => !this.#isContact(peerId)) ?? peerIds[0];
    if (leaving !== undefined) this.#keys.delete(leaving);
  }
}

function isSame(left: Uint8Array, right: Uint8Array | undefined): boolean {
  return right !== undefined && Buffer.from(left).equals(right);
}
