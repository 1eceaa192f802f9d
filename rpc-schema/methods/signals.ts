// Signals over the host transport: the host gave `carrier` in `initialize` and carries the signals over its own node.

import { z } from "zod";
import { contactSchema, peerIdSchema } from "../common.ts";
import { done, method, notification, servingErrors } from "../definition.ts";
import { named } from "../named.ts";

const topicSchema = named(
  "SignalTopic",
  z.string().regex(/^call:.{1,250}$/, "expected call:<call id>"),
  "The topic of a message in Goop²: `call:` and the call's id",
);
/** One of signals.ts. */
const payloadSchema = named(
  "SignalPayload",
  z.record(z.string(), z.unknown()),
  "A message between the two plugins. Opaque to the host but for its `type`; passed on unchanged, sealed where the node seals",
);

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
    z.object({
      contacts: z.array(contactSchema).max(4096).describe("the whole list, which replaces the last one"),
    }),
  ),
};

/** Requests, plugin → host. */
export const signalPluginMethods = {
  "signal.send": method(
    "Sends a message to a peer. The answer follows the peer's acknowledgement. Messages of one topic are sent in order",
    z.object({ peerId: peerIdSchema.describe("the recipient"), topic: topicSchema, payload: payloadSchema }),
    done,
    ["peerUnreachable"],
  ),
};
