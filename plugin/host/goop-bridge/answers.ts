// Parses the answers and events of Goop² (2.4), as far as calls need them. They come from another program, so anything
// unexpected is left out or refused.

import { z } from "zod";
import { type Contact, peerIdSchema } from "../../../rpc-schema/index.ts";
import type { ReceivedMessage } from "./replayed-messages.ts";

/** `GET /api/self` */
export const selfSchema = z.object({
  id: peerIdSchema,
  label: z.string().catch(""),
  email: z.string().catch(""),
  avatar_hash: z.string().catch(""),
});

/** `GET /api/settings/quick/get`. Older versions of Goop² do not have it. */
export const quickSettingsSchema = z.object({ video_disabled: z.boolean().catch(false) });

/** One entry of `GET /api/peers`. The names are those of the Go struct. */
const peerSchema = z.object({
  ID: peerIdSchema,
  Content: z.string().catch(""),
  VideoDisabled: z.boolean().catch(false),
  Reachable: z.boolean().catch(false),
  Offline: z.boolean().catch(false),
});

const eventSchema = z.object({
  type: z.literal("message"),
  from: z.string().optional(),
  msg: z.object({
    id: z.string().catch(""),
    topic: z.string(),
    payload: z.record(z.string(), z.unknown()).catch({}),
  }),
});

const CALL_PREFIX = "call:";
/** Messages between Goop² and its own page. */
const LOOPBACK_PREFIX = "call:loopback:";
/** Local events of Goop² that change who can be called. */
const PEER_TOPICS = ["peer:announce", "peer:gone"];

export type GoopEvent =
  | { readonly kind: "message"; readonly message: ReceivedMessage }
  | { readonly kind: "peersChanged" }
  | { readonly kind: "other" };

/** @param data of a server-sent event `message` */
export function readEvent(data: string): GoopEvent {
  const parsed = eventSchema.safeParse(parseJson(data));
  if (!parsed.success) return { kind: "other" };
  const { from, msg } = parsed.data;
  // An event without a sender is Goop²'s own. A peer can write any topic, so its messages never count as local events.
  if (from === undefined || from === "") {
    return { kind: PEER_TOPICS.includes(msg.topic) ? "peersChanged" : "other" };
  }
  if (!msg.topic.startsWith(CALL_PREFIX) || msg.topic.startsWith(LOOPBACK_PREFIX)) return { kind: "other" };
  return { kind: "message", message: { peerId: from, ...msg } };
}

/** Leaves out peers that cannot be read. @returns undefined when the answer is not a list */
export function readContacts(answer: unknown): Contact[] | undefined {
  if (answer === null) return []; // Go writes an empty list as null.
  if (!Array.isArray(answer)) return undefined;
  return answer.flatMap((one) => {
    const peer = peerSchema.safeParse(one);
    return peer.success ? [toContact(peer.data)] : [];
  });
}

function toContact({ ID, Content, VideoDisabled, Reachable, Offline }: z.infer<typeof peerSchema>): Contact {
  return {
    peerId: ID,
    // Only the end of a peer id is distinctive: all ids begin alike.
    label: Content || ID.slice(-8),
    addresses: [],
    reachable: Reachable && !Offline,
    videoDisabled: VideoDisabled,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
