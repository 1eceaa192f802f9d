// The words of the presence topic: one JSON object a message, as the host writes it. Who is believed, and what follows,
// is decided elsewhere.

import { z } from "zod";
import { flagOrZero, goObject, numberOrZero, textOrZero } from "./go-json.ts";
import { readableLabel } from "./label-protocol.ts";

/** The host's own, whatever its setting says. */
export const PRESENCE_TOPIC = "goop.presence.v1";

/** The host's rendezvous server allows labels of 4 KiB and 20 addresses of 256 characters. */
const MAX_MESSAGE_BYTES = 16 * 1024;
const MAX_ADDRESSES = 20;
const MAX_ADDRESS_CHARS = 256;

export interface PeerPresence {
  readonly type: "online" | "update" | "offline";
  readonly peerId: string;
  /** Empty when the peer says none. */
  readonly label: string;
  readonly videoDisabled: boolean;
  readonly encryptionSupported: boolean;
  /** Multiaddrs as the peer wrote them, most without /p2p/ at the end. */
  readonly addresses: readonly string[];
  /** The sender's clock, Unix milliseconds; 0 when it has none. */
  readonly sentAtMs: number;
}

/** Unlike in an identity, the id ends in a small d. */
const messageSchema = goObject({
  type: z.enum(["online", "update", "offline"]),
  peerId: z.string().min(1).max(256),
  content: textOrZero,
  videoDisabled: flagOrZero,
  encryptionSupported: flagOrZero,
  addrs: z
    .array(z.string())
    .nullish()
    .transform((value) => value ?? []),
  ts: numberOrZero,
});

/** Undefined for whatever is none; it comes from a stranger. */
export function parsePresence(bytes: Uint8Array): PeerPresence | undefined {
  if (bytes.length > MAX_MESSAGE_BYTES) return undefined;
  const parsed = messageSchema.safeParse(parseJson(bytes));
  if (!parsed.success) return undefined;
  const { content, addrs, ts, ...rest } = parsed.data;
  const addresses = addrs.filter((each) => each.length <= MAX_ADDRESS_CHARS).slice(0, MAX_ADDRESSES);
  return { ...rest, label: readableLabel(content), addresses, sentAtMs: ts };
}

/** Empty and false fields are left out, as the host leaves them; going offline says nothing but who and when. */
export function encodePresence(presence: PeerPresence): Uint8Array {
  const { type, peerId, label, videoDisabled, addresses, encryptionSupported, sentAtMs } = presence;
  const about = {
    content: label,
    ...(videoDisabled ? { videoDisabled } : {}),
    ...(addresses.length > 0 ? { addrs: addresses.slice(0, MAX_ADDRESSES) } : {}),
    ...(encryptionSupported ? { encryptionSupported } : {}),
  };
  const message = { type, peerId, ...(type === "offline" ? {} : about), ts: sentAtMs };
  return new TextEncoder().encode(JSON.stringify(message));
}

/**
 * False for addresses that mean something on one machine or one cable only; a relay's own address is the relay's
 * business. Told to nobody, and believed of nobody.
 */
export function isWorthTelling(address: string): boolean {
  if (address.includes("/p2p-circuit")) return true;
  return !/^\/(ip4\/(127\.|0\.|169\.254\.)|ip6\/(::1?|fe[89ab][0-9a-f]:[^/]*)\/)/i.test(address);
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined; // no JSON is no presence
  }
}
