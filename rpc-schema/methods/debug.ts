// Evidence for whoever looks into a bad call.

import { z } from "zod";
import { method, servingErrors } from "../definition.ts";

export const debugMethods = {
  "debug.bundle": method(
    "Writes one file with versions, settings, devices, statistics, log, event log and the charts as they stand",
    z.object({
      masked: z
        .boolean()
        .default(true)
        .describe("without secrets, addresses and the names of devices and people, so that it can be sent"),
    }),
    z.object({
      path: z.string().describe("in the host's dataDir, or in the system's folder for passing files"),
      bytes: z.number().int(),
    }),
    [...servingErrors],
  ),
};
