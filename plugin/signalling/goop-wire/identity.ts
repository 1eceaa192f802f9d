// Who a peer says it is: the words of the topics `identity` (a question, without content) and `identity.response` (the
// answer, also sent unasked). Whom to believe, and when to ask, is decided elsewhere.

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

/** What we say of ourselves. */
export interface OwnIdentity {
  readonly peerId: string;
  readonly label: string;
  readonly videoDisabled: boolean;
  /** In standard base64. */
  readonly publicKey: string;
}

/** Unlike in presence, the id ends in a capital D. */
const responseSchema = goObject({
  peerID: textOrZero,
  content: textOrZero,
  videoDisabled: flagOrZero,
  publicKey: textOrZero,
  encryptionSupported: flagOrZero,
});

/** Undefined when it is none, names another peer than the connection proved, or says no label, which voids it for the host. */
export function parseIdentity(payload: unknown, from: string): PeerIdentity | undefined {
  const parsed = responseSchema.safeParse(payload);
  if (!parsed.success || parsed.data.content === "") return undefined;
  const { peerID, content, videoDisabled, encryptionSupported } = parsed.data;
  if (peerID !== "" && peerID !== from) return undefined;
  const publicKey = parsePublicKey(parsed.data.publicKey);
  const key = { ...(publicKey ? { publicKey } : {}), encryptionSupported };
  return { label: readableLabel(content), videoDisabled, key };
}

/** Empty and false fields are left out, as the host leaves them; so is the key where it is not told yet. */
export function identityPayload(own: OwnIdentity, isKeyTold: boolean): object {
  const { peerId, label, videoDisabled, publicKey } = own;
  return {
    peerID: peerId,
    content: label,
    ...(videoDisabled ? { videoDisabled } : {}),
    ...(isKeyTold ? { publicKey, encryptionSupported: true } : {}),
    reachable: true,
  };
}
