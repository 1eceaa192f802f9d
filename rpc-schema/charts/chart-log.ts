// What the charts did, entry by entry: the lines of an event log and the stream that a viewer follows. One format for
// both, so that a viewer shows a recording as it shows a running plugin.

import { z } from "zod";

/** Rises when an older reader would misread an entry. */
export const CHART_LOG_VERSION = 2;
/** Version 1 has the same form, with other names of charts, states, events and context keys. */
const READABLE_VERSIONS = [1, CHART_LOG_VERSION] as const;

/** Where an event came from: the host's page, the remote peer, a device, a delay, the WebRTC engine, the host, a chart. */
export const eventOriginSchema = z.enum(["user", "remote", "device", "clock", "engine", "host", "chart"]);
export type EventOrigin = z.infer<typeof eventOriginSchema>;

/** Path of an actor from its root, such as `callManager/call:ID/link`; the same path may be taken again after its end. */
const actorPathSchema = z.string().min(1).max(1024);
const timeSchema = z.number().describe("milliseconds since the log's `startedAt`");
/** State value as xstate writes it: the name of a state, or an object of regions. */
const stateValueSchema = z.union([z.string(), z.record(z.string(), z.unknown())]);

const takenTransitionSchema = z.object({
  from: z.string().describe("id of the state that the transition belongs to"),
  on: z.string().describe("the event's type; empty where the transition needs none"),
  index: z.number().int().describe("place among those of the same state and event"),
  to: z.array(z.string()).describe("ids of the states entered; empty where it stays"),
});
export type TakenTransition = z.infer<typeof takenTransitionSchema>;

export const chartLogEntrySchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("log"),
    version: z.literal(READABLE_VERSIONS),
    plugin: z.object({ name: z.string(), version: z.string() }),
    startedAt: z.number().describe("Unix milliseconds"),
    masked: z.boolean().describe("secrets, addresses and device names are replaced, the same by the same"),
  }),
  z.object({
    kind: z.literal("actor"),
    t: timeSchema,
    id: actorPathSchema,
    chart: z.string().nullable().describe("id of its chart; null for an effect such as an open camera"),
    input: z.unknown().optional().describe("of a root only"),
  }),
  z.object({
    kind: z.literal("event"),
    t: timeSchema,
    to: actorPathSchema,
    from: actorPathSchema.nullable().describe("null: from outside of the charts"),
    origin: eventOriginSchema,
    event: z.looseObject({ type: z.string() }),
  }),
  z.object({
    kind: z.literal("step"),
    t: timeSchema,
    id: actorPathSchema,
    event: z.string().describe("type of the event that was taken"),
    status: z.enum(["active", "done", "error", "stopped"]),
    value: stateValueSchema,
    changed: z
      .record(z.string(), z.unknown())
      .describe("the keys of the context that are new or other than before"),
    taken: z.array(takenTransitionSchema),
    actions: z.array(z.string()),
    delays: z
      .record(z.string(), z.number())
      .optional()
      .describe("milliseconds of each delay that began, by the type of the event that its end will be"),
    refused: z.string().optional().describe("why nothing was taken"),
  }),
]);
/** One line of the log. */
export type ChartLogEntry = z.infer<typeof chartLogEntrySchema>;
export type ChartStep = Extract<ChartLogEntry, { kind: "step" }>;
export type ChartEvent = Extract<ChartLogEntry, { kind: "event" }>;
