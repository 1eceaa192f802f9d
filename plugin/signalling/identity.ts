// Who a peer says it is: the words of the topics `identity` (a question, without content) and `identity.response` (the
// answer, also sent unasked). Whom to believe, and when to ask, is decided elsewhere.

import { flagOrZero, goObject, textOrZero } from "./go-json.ts";
import { readableLabel } from "./label-protocol.ts";

export const IDENTITY_TOPIC = "identity";
export const IDENTITY_RESPONSE_TOPIC = "identity.response";

export interface PeerIdentity {
  readonly label: string;
  readonly videoDisabled: boolean;
}

/** Unlike in presence, the id ends in a capital D. */
const responseSchema = goObject({
  peerID: textOrZero,
  content: textOrZero,
  videoDisabled: flagOrZero,
});

/** Undefined when it is none, names another peer than the connection proved, or says no label, which voids it for the host. */
export function parseIdentity(payload: unknown, from: string): PeerIdentity | undefined {
  const parsed = responseSchema.safeParse(payload);
  if (!parsed.success || parsed.data.content === "") return undefined;
  const { peerID, content, videoDisabled } = parsed.data;
  if (peerID !== "" && peerID !== from) return undefined;
  return { label: readableLabel(content), videoDisabled };
}

/** Empty and false fields are left out, as the host leaves them. */
export function identityPayload(peerId: string, { label, videoDisabled }: PeerIdentity): object {
  return {
    peerID: peerId,
    content: label,
    ...(videoDisabled ? { videoDisabled } : {}),
    reachable: true,
  };
}
