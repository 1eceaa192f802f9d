// Observes the state machines: their descriptions and their events. Available with the setting `debugging` only.

import { z } from "zod";
import { chartDescriptionSchema } from "../charts/chart-description.ts";
import { chartLogEntrySchema } from "../charts/chart-log.ts";
import { done, method, noParams, notification, servingErrors } from "../definition.ts";
import { unixMs } from "../named.ts";

export const chartMethods = {
  "charts.list": method(
    "Describes every state machine of the plugin: states, transitions, guards, delays",
    noParams,
    z.object({ charts: z.array(chartDescriptionSchema).describe("every state machine of the plugin") }),
    [...servingErrors, "debuggingOff"],
  ),
  "charts.subscribe": method(
    "Starts charts.recorded, with the present state of every running state machine and then its events",
    noParams,
    z.object({ startedAt: unixMs().describe("Unix milliseconds; the times of the entries count from it") }),
    [...servingErrors, "debuggingOff"],
  ),
  "charts.unsubscribe": method("Ends the subscription of charts.subscribe; idempotent", noParams, done, [
    ...servingErrors,
  ]),
};

export const chartNotifications = {
  "charts.recorded": notification(
    "What the state machines did since the last notification, in order, ten times a second at most",
    z.object({ entries: z.array(chartLogEntrySchema).describe("the oldest first") }),
  ),
};
