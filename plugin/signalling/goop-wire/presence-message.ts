// The wire format of presence messages: one JSON object each, as Goop² writes it.

import { z } from "zod";
import { isDialable } from "../contacts/announced-address.ts";
import { flagOrZero, goObject, numberOrZero, textOrZero } from "./go-json.ts";
import { readableLabel } from "./label-protocol.ts";

/** Goop²'s topic, which does not depend on its settings. */
export const PRESENCE_TOPIC = "goop.presence.v1";

/** Goop²'s rendezvous server allows labels of 4 KiB and 20 addresses of 256 characters. */
const MAX_MESSAGE_BYTES = 16 * 1024;
const MAX_ADDRESSES = 20;
const MAX_ADDRESS_CHARS = 256;

export interface PeerPresence {
  readonly type: "online" | "update" | "offline";
  readonly peerId: string;
  /** Empty if the peer announces none. */
  readonly label: string;
  readonly videoDisabled: boolean;
  readonly encryptionSupported: boolean;
  /** Multiaddrs as the peer wrote them, most without /p2p/<peer id> at the end. */
  readonly addresses: readonly string[];
  /** The sender's clock in Unix milliseconds, or 0. */
  readonly sentAtMs: number;
}

/** The field is `peerId` here, but `peerID` in identity messages. */
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

/** @returns undefined if the bytes are not a valid presence message */
export function parsePresence(bytes: Uint8Array): PeerPresence | undefined {
  if (bytes.length > MAX_MESSAGE_BYTES) return undefined;
  const parsed = messageSchema.safeParse(parseJson(bytes));
  if (!parsed.success) return undefined;
  const { content, addrs, ts, ...rest } = parsed.data;
  const addresses = addrs.filter((each) => each.length <= MAX_ADDRESS_CHARS).slice(0, MAX_ADDRESSES);
  return { ...rest, label: readableLabel(content), addresses, sentAtMs: ts };
}

/** Omits empty and false fields, as Goop² does. An offline message holds only the peer id and the time. */
export function encodePresence(presence: PeerPresence): Uint8Array {
  const { type, peerId, label, videoDisabled, addresses, encryptionSupported, sentAtMs } = presence;
  const details = {
    content: label,
    ...(videoDisabled ? { videoDisabled } : {}),
    ...(addresses.length > 0 ? { addrs: addresses.slice(0, MAX_ADDRESSES) } : {}),
    ...(encryptionSupported ? { encryptionSupported } : {}),
  };
  const message = { type, peerId, ...(type === "offline" ? {} : details), ts: sentAtMs };
  return new TextEncoder().encode(JSON.stringify(message));
}

/** False for addresses that have a meaning on one machine or link only, which are neither announced nor accepted. */
export function isRoutableAddress(address: string): boolean {
  return isDialable(address, "network");
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined; // the schema refuses it
  }
}
