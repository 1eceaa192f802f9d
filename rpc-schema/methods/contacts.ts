// The peers that the plugin's own libp2p node knows.

import { z } from "zod";
import { contactSchema } from "../common.ts";
import { method, noParams, notification, servingErrors } from "../definition.ts";

const contacts = z.object({ contacts: z.array(contactSchema) });

export const contactMethods = {
  "contacts.list": method("Peers found by mDNS, given by address, or that called", noParams, contacts, [
    ...servingErrors,
  ]),
  "contacts.add": method(
    "Dials a peer by its address and keeps it as a contact",
    z.object({
      address: z.string().regex(/^\/.*\/p2p\/[^/]+$/, "expected a multiaddr ending in /p2p/<peer id>"),
    }),
    contactSchema,
    [...servingErrors, "peerUnreachable", "signallingUnavailable"],
  ),
};

export const contactNotifications = {
  "contacts.changed": notification("The whole list, whenever one of them changes", contacts),
};
