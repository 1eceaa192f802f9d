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
});

/**
 * @param from the peer that the connection authenticated
 * @returns undefined if the payload is invalid, names another peer or has no label; Goop² ignores these too
 */
export function parseIdentity(payload: unknown, from: string): PeerIdentity | undefined {
  const parsed = responseSchema.safeParse(payload);
  if (!parsed.success || parsed.data.content === "") return undefined;
  const { peerID, content, videoDisabled, encryptionSupported } = parsed.data;
  if (peerID !== "" && peerID !== from) return undefined;
  const publicKey = parsePublicKey(parsed.data.publicKey);
  const key = { ...(publicKey ? { publicKey } : {}), encryptionSupported };
  return { label: readableLabel(content), videoDisabled, key };
}

/** Omits empty and false fields, as Goop² does. */
export function identityPayload(own: OwnIdentity, includesKey: boolean): object {
  const { peerId, label, videoDisabled, publicKey } = own;
  return {
    peerID: peerId,
    content: label,
    ...(videoDisabled ? { videoDisabled } : {}),
    ...(includesKey ? { publicKey, encryptionSupported: true } : {}),
    reachable: true,
  };
}
