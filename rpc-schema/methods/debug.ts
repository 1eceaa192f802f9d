// Diagnostics of a call that went wrong.

import { z } from "zod";
import { method, servingErrors } from "../definition.ts";
import { count } from "../named.ts";

export const debugMethods = {
  "debug.bundle": method(
    "Writes one file with versions, settings, devices, statistics, log, event log and the present states of the state machines",
    z.object({
      masked: z
        .boolean()
        .default(true)
        .describe(
          "leave out secrets, addresses and the names of devices and people, so that the file can be shared",
        ),
    }),
    z.object({
      path: z.string().describe("in the host's dataDir, or in the system's folder for temporary files"),
      bytes: count().describe("size of the file"),
    }),
    [...servingErrors],
  ),
};
