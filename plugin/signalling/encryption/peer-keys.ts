// Each peer's public key, whether the peer can decrypt, and whether our user chose it. The number of peers is limited. A field
// that a later message omits keeps its value.

import { z } from "zod";
import { MAX_KNOWN_PEERS, MAX_PEER_KEYS } from "../timings.ts";

export interface PeerKey {
  readonly publicKey?: Uint8Array;
  /** The peer announced that it can decrypt messages. */
  readonly encryptionSupported: boolean;
  /** Our user called the peer, or accepted its call. */
  readonly isChosen?: boolean;
}

const rowsSchema = z.record(
  z.string(),
  z.object({
    publicKey: z.string().optional(),
    encryptionSupported: z.boolean(),
    isChosen: z.boolean().optional(),
  }),
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

  /** @param isContact keys of contacts are dropped after those of strangers when there are too many, and chosen peers last */
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
      ...old,
      ...(key ? { publicKey: key } : {}),
      encryptionSupported: encryptionSupported || (old?.encryptionSupported ?? false),
    });
    this.#onChange();
    return hasNewKey;
  }

  isChosen(peerId: string): boolean {
    return this.#keys.get(peerId)?.isChosen ?? false;
  }

  /** Our user called the peer, or accepted its call. At the limit the peer that was chosen longest ago becomes a stranger. */
  choose(peerId: string): void {
    const old = this.#keys.get(peerId);
    if (!old) this.#makeRoom();
    this.#keys.delete(peerId);
    this.#keys.set(peerId, { encryptionSupported: false, ...old, isChosen: true });
    const chosen = [...this.#keys].filter(([, key]) => key.isChosen);
    const [forgotten] = chosen.length > MAX_KNOWN_PEERS ? chosen : [];
    if (forgotten) this.#keys.set(forgotten[0], { ...forgotten[1], isChosen: false });
    if (!old?.isChosen) this.#onChange();
  }

  /** @returns JSON text for `load` */
  serialize(): string {
    const rows = [...this.#keys].map(([peerId, { publicKey, encryptionSupported, isChosen }]) => [
      peerId,
      {
        ...(publicKey ? { publicKey: Buffer.from(publicKey).toString("base64") } : {}),
        encryptionSupported,
        ...(isChosen ? { isChosen } : {}),
      },
    ]);
    return JSON.stringify(Object.fromEntries(rows));
  }

  /** Adds the keys from the text of `serialize`. @throws Error if the text is invalid */
  load(text: string): void {
    for (const [peerId, { publicKey, encryptionSupported, isChosen }] of Object.entries(
      rowsSchema.parse(JSON.parse(text)),
    ).slice(-MAX_PEER_KEYS)) {
      const key = publicKey === undefined ? undefined : parsePublicKey(publicKey);
      this.#keys.set(peerId, {
        ...(key ? { publicKey: key } : {}),
        encryptionSupported,
        ...(isChosen ? { isChosen } : {}),
      });
    }
  }

  /** Drops the oldest key of a stranger, or else of a contact that was not chosen, or else the oldest key. */
  #makeRoom(): void {
    if (this.#keys.size < MAX_PEER_KEYS) return;
    const peerIds = [...this.#keys.keys()];
    const others = peerIds.filter((peerId) => !this.isChosen(peerId));
    const dropped = others.find((peerId) => !this.#isContact(peerId)) ?? others[0] ?? peerIds[0];
    if (dropped !== undefined) this.#keys.delete(dropped);
  }
}

function isSame(left: Uint8Array, right: Uint8Array | undefined): boolean {
  return right !== undefined && Buffer.from(left).equals(right);
}
