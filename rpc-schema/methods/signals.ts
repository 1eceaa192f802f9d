// Signals carried by the host's own node, where `initialize` said that it carries them; and the peers that it knows.

import { z } from "zod";
import { contactSchema, peerIdSchema } from "../common.ts";
import { done, method, notification, servingErrors } from "../definition.ts";

const topicSchema = z
  .string()
  .regex(/^call:.{1,250}$/, "expected call:<call id>")
  .describe("the host's topic of the message");
/** What signals.ts lists; opaque to the host, which passes it on as it is and seals it where its node does. */
const payloadSchema = z.record(z.string(), z.unknown());

/** Requests, host → plugin. */
export const signalMethods = {
  "signal.deliver": method(
    "A message that the host's node received on a topic `call:…`, opened, in the order of its arrival",
    z.object({
      from: peerIdSchema.describe("the identity that the connection proved, not one that the message names"),
      topic: topicSchema,
      payload: payloadSchema,
    }),
    done,
    [...servingErrors, "notCarried"],
  ),
};

export const signalHostNotifications = {
  "contacts.set": notification(
    "The peers that the host knows, whenever one of them changes; only from a host that carries the signals",
    z.object({ contacts: z.array(contactSchema).max(4096) }),
  ),
};

/** Requests, plugin → host. */
export const signalPluginMethods = {
  "signal.send": method(
    "Sends a message to a peer. Answered when the peer acknowledged it; those of one topic go out in order",
    z.object({ peerId: peerIdSchema, topic: topicSchema, payload: payloadSchema }),
    done,
    ["peerUnreachable"],
  ),
};
