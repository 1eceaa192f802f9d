// The peers that the plugin can call.

import { z } from "zod";
import { contactSchema, peerIdSchema } from "../common.ts";
import { method, noParams, notification, servingErrors } from "../definition.ts";

const contacts = z.object({ contacts: z.array(contactSchema).describe("the whole list") });

export const contactMethods = {
  "contacts.list": method(
    "Lists the peers that were discovered, added by address, or have called",
    noParams,
    contacts,
    [...servingErrors],
  ),
  "contacts.add": method(
    "Dials a peer by its address and adds it to the contacts",
    z.object({
      address: z
        .string()
        .regex(/^\/.*\/p2p\/[^/]+$/, "expected a multiaddr ending in /p2p/<peer id>")
        .describe("a multiaddr ending in /p2p/<peer id>"),
    }),
    contactSchema,
    [...servingErrors, "peerUnreachable", "signallingUnavailable"],
  ),
};

export const contactNotifications = {
  "contacts.changed": notification(
    "The contacts, when some of them changed. At most a few a second, and the newest state wins",
    z.object({
      contacts: z
        .array(contactSchema)
        .describe("the whole list; with `removed` only the contacts that are new or changed"),
      removed: z
        .array(peerIdSchema)
        .optional()
        .describe(
          "contacts that are gone; only for a host that names the capability contactChanges, and then always present",
        ),
    }),
  ),
};
