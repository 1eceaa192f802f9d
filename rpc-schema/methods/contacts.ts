// The peers that the plugin can call.

import { z } from "zod";
import { contactSchema } from "../common.ts";
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
  "contacts.changed": notification("The whole list of contacts, whenever one of them changes", contacts),
};
