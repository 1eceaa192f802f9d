// Watching the charts: what they are, and what they do from now on. Off unless the setting `debugging` is on.

import { z } from "zod";
import { chartDescriptionSchema } from "../charts/chart-description.ts";
import { chartLogEntrySchema } from "../charts/chart-log.ts";
import { done, method, noParams, notification, servingErrors } from "../definition.ts";

export const chartMethods = {
  "charts.list": method(
    "Every chart of the plugin as data: states, transitions, guards, delays",
    noParams,
    z.object({ charts: z.array(chartDescriptionSchema) }),
    [...servingErrors, "debuggingOff"],
  ),
  "charts.subscribe": method(
    "Follows every live chart: charts.recorded tells how all of them stand, and then what happens",
    noParams,
    z.object({ startedAt: z.number().describe("Unix milliseconds; the entries' times count from it") }),
    [...servingErrors, "debuggingOff"],
  ),
  "charts.unsubscribe": method("Ends what charts.subscribe began; idempotent", noParams, done, [
    ...servingErrors,
  ]),
};

export const chartNotifications = {
  "charts.recorded": notification(
    "What the charts did since the last one, in order, ten times a second at most",
    z.object({ entries: z.array(chartLogEntrySchema) }),
  ),
};
