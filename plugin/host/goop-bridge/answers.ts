// What a viewer's answers and events say, as far as a call needs it (Goop² 2.4). They come from another program: whatever is
// not as expected is left out or refused, never passed on.

import { z } from "zod";
import { type Contact, peerIdSchema } from "../../../rpc-schema/index.ts";
import type { ReceivedMessage } from "./replayed-messages.ts";

/** `GET /api/self` */
export const selfSchema = z.object({ id: peerIdSchema, label: z.string().catch("") });

/** `GET /api/settings/quick/get`; not every viewer has it. */
export const quickSettingsSchema = z.object({ video_disabled: z.boolean().catch(false) });

/** One of `GET /api/peers`. The names are the viewer's, written as Go exports them. */
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
/** Between a viewer and its own page. */
const LOOPBACK_PREFIX = "call:loopback:";
/** Events of the viewer itself that change who can be called. */
const PEER_TOPICS = ["peer:announce", "peer:gone"];

/** What an event means to us. */
export type GoopEvent =
  | { readonly kind: "message"; readonly message: ReceivedMessage }
  | { readonly kind: "peersChanged" }
  | { readonly kind: "other" };

/** @param data of an event `message` */
export function readEvent(data: string): GoopEvent {
  const parsed = eventSchema.safeParse(parseJson(data));
  if (!parsed.success) return { kind: "other" };
  const { from, msg } = parsed.data;
  // Without a sender it is the viewer's own word; with one, a peer could have written any topic.
  if (from === undefined || from === "") {
    return { kind: PEER_TOPICS.includes(msg.topic) ? "peersChanged" : "other" };
  }
  if (!msg.topic.startsWith(CALL_PREFIX) || msg.topic.startsWith(LOOPBACK_PREFIX)) return { kind: "other" };
  return { kind: "message", message: { peerId: from, ...msg } };
}

/** Peers that cannot be read are left out; undefined when the answer is no list. */
export function readContacts(answer: unknown): Contact[] | undefined {
  if (answer === null) return []; // how Go writes an empty list
  if (!Array.isArray(answer)) return undefined;
  return answer.flatMap((one) => {
    const peer = peerSchema.safeParse(one);
    return peer.success ? [asContact(peer.data)] : [];
  });
}

function asContact({ ID, Content, VideoDisabled, Reachable, Offline }: z.infer<typeof peerSchema>): Contact {
  return {
    peerId: ID,
    // The end of a peer id tells peers apart; all begin alike.
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
