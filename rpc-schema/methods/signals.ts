// Signals over the host transport: the host gave `carrier` in `initialize` and carries the signals over its own node.

import { z } from "zod";
import { contactSchema, peerIdSchema } from "../common.ts";
import { done, method, notification, servingErrors } from "../definition.ts";

const topicSchema = z
  .string()
  .regex(/^call:.{1,250}$/, "expected call:<call id>")
  .describe("the topic of the message in Goop²");
/** One of signals.ts. It is opaque to the host, which passes it on unchanged and seals it where its node seals. */
const payloadSchema = z.record(z.string(), z.unknown());

/** Requests, host → plugin. */
export const signalMethods = {
  "signal.deliver": method(
    "Delivers an opened message that the host's node received on a topic `call:…`, in the order of arrival",
    z.object({
      from: peerIdSchema.describe("the identity that the connection proved, not one that the message claims"),
      topic: topicSchema,
      payload: payloadSchema,
    }),
    done,
    [...servingErrors, "notCarried"],
  ),
};

export const signalHostNotifications = {
  "contacts.set": notification(
    "All peers that the host knows, whenever one of them changes. Only a host that carries the signals sends it",
    z.object({ contacts: z.array(contactSchema).max(4096) }),
  ),
};

/** Requests, plugin → host. */
export const signalPluginMethods = {
  "signal.send": method(
    "Sends a message to a peer. The answer follows the peer's acknowledgement. Messages of one topic are sent in order",
    z.object({ peerId: peerIdSchema, topic: topicSchema, payload: payloadSchema }),
    done,
    ["peerUnreachable"],
  ),
};
