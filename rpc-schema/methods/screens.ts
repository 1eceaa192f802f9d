// What of this computer's screens can be shared. call.shareScreen shares it.

import { z } from "zod";
import { method, noParams, servingErrors } from "../definition.ts";
import { screenSourceSchema } from "../devices/screen.ts";
import { choice } from "../named.ts";

export const screenMethods = {
  "screen.sources": method(
    "Lists what of this computer's screens can be shared, or says that the desktop lets the user choose. Captures nothing",
    noParams,
    z.object({
      chooser: choice("ScreenChooser", "Where the user chooses what is shared", {
        host: "in the host's page, among `sources`; call.shareScreen needs the id of one",
        desktop: "in a dialog that the desktop shows after call.shareScreen; `sources` is empty",
        none: "nowhere, because nothing can be shared; `why` says what is missing",
      }),
      sources: z.array(screenSourceSchema).describe("monitors first, the main one in front"),
      why: z.string().optional().describe("for people: what is missing; present with the chooser `none`"),
    }),
    [...servingErrors],
  ),
};
