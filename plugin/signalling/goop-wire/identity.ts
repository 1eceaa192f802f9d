// The wire format of identity messages. The topic `identity` is a request without content. The topic `identity.response`
// carries an identity, as the answer or unrequested.

import { type PeerKey, parsePublicKey } from "../encryption/peer-keys.ts";
import { flagOrZero, goObject, textOrZero } from "./go-json.ts";
import { readableLabel } from "./label-protocol.ts";

export const IDENTITY_TOPIC = "identity";
export const IDENTITY_RESPONSE_TOPIC = "identity.response";

export interface PeerIdentity {
  readonly label: string;
  readonly videoDisabled: boolean;
  readonly key: PeerKey;
  /** Our public key as the peer knows it, in standard base64. Only this plugin sends it. */
  readonly recipientKey?: string;
}

/** The identity that we announce. */
export interface OwnIdentity {
  readonly peerId: string;
  readonly label: string;
  readonly videoDisabled: boolean;
  /** Standard base64. */
  readonly publicKey: string;
}

/** The field is `peerID` here, but `peerId` in presence messages. */
const responseSchema = goObject({
  peerID: textOrZero,
  content: textOrZero,
  videoDisabled: flagOrZero,
  publicKey: textOrZero,
  encryptionSupported: flagOrZero,
  recipientKey: textOrZero,
});

/**
 * @param from the peer that the connection authenticated
 * @returns undefined if the payload is invalid, names another peer or has no label; Goop² ignores these too
 */
export function parseIdentity(payload: unknown, from: string): PeerIdentity | undefined {
  const parsed = responseSchema.safeParse(payload);
  if (!parsed.success || parsed.data.content === "") return undefined;
  const { peerID, content, videoDisabled, encryptionSupported, recipientKey } = parsed.data;
  if (peerID !== "" && peerID !== from) return undefined;
  const publicKey = parsePublicKey(parsed.data.publicKey);
  const key = { ...(publicKey ? { publicKey } : {}), encryptionSupported };
  return {
    label: readableLabel(content),
    videoDisabled,
    key,
    ...(recipientKey === "" ? {} : { recipientKey }),
  };
}

/**
 * Omits empty and false fields, as Goop² does.
 * @param recipientKey the recipient's public key as we know it. Identity messages are plain, so this tells another plugin that
 * we can decrypt its messages. Goop² ignores the field, and encrypts its identity instead.
 */
export function identityPayload(own: OwnIdentity, includesKey: boolean, recipientKey?: Uint8Array): object {
  const { peerId, label, videoDisabled, publicKey } = own;
  return {
    peerID: peerId,
    content: label,
    ...(videoDisabled ? { videoDisabled } : {}),
    ...(includesKey ? { publicKey, encryptionSupported: true } : {}),
    ...(recipientKey ? { recipientKey: Buffer.from(recipientKey).toString("base64") } : {}),
    reachable: true,
  };
}
