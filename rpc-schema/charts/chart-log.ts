// Entries about what the charts did. An event log and the stream of a running plugin have the same entries, so that the chart
// viewer can show both.

import { z } from "zod";

/** Rises when an older reader could misread an entry. */
export const CHART_LOG_VERSION = 2;
/** Version 1 has the same form, with other names of charts, states, events and context keys. */
const READABLE_VERSIONS = [1, CHART_LOG_VERSION] as const;

/** The source of an event: the host's page, the remote peer, a device, a delay, the WebRTC engine, the host, a chart. */
export const eventOriginSchema = z.enum(["user", "remote", "device", "clock", "engine", "host", "chart"]);
export type EventOrigin = z.infer<typeof eventOriginSchema>;

/** Path of an actor from its root, such as `callManager/call:ID/link`. A later actor can have the path of one that has ended. */
const actorPathSchema = z.string().min(1).max(1024);
const timeSchema = z.number().describe("milliseconds since the log's `startedAt`");
/** A state value of xstate: the name of a state, or an object of regions. */
const stateValueSchema = z.union([z.string(), z.record(z.string(), z.unknown())]);

const takenTransitionSchema = z.object({
  from: z.string().describe("id of the state that the transition belongs to"),
  on: z.string().describe("the event's type; empty for a transition without an event"),
  index: z.number().int().describe("position among the transitions of the same state and event"),
  to: z.array(z.string()).describe("ids of the states entered; empty where the state does not change"),
});
export type TakenTransition = z.infer<typeof takenTransitionSchema>;

export const chartLogEntrySchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("log"),
    version: z.literal(READABLE_VERSIONS),
    plugin: z.object({ name: z.string(), version: z.string() }),
    startedAt: z.number().describe("Unix milliseconds"),
    masked: z
      .boolean()
      .describe("secrets, addresses and device names are replaced, each always by the same text"),
  }),
  z.object({
    kind: z.literal("actor"),
    t: timeSchema,
    id: actorPathSchema,
    chart: z.string().nullable().describe("id of the chart; null for an effect such as an open camera"),
    input: z.unknown().optional().describe("for a root actor only"),
  }),
  z.object({
    kind: z.literal("event"),
    t: timeSchema,
    to: actorPathSchema,
    from: actorPathSchema.nullable().describe("null for an event from outside the charts"),
    origin: eventOriginSchema,
    event: z.looseObject({ type: z.string() }),
  }),
  z.object({
    kind: z.literal("step"),
    t: timeSchema,
    id: actorPathSchema,
    event: z.string().describe("type of the event that was processed"),
    status: z.enum(["active", "done", "error", "stopped"]),
    value: stateValueSchema,
    changed: z
      .record(z.string(), z.unknown())
      .describe("the keys of the context that are new or have changed"),
    taken: z.array(takenTransitionSchema),
    actions: z.array(z.string()),
    delays: z
      .record(z.string(), z.number())
      .optional()
      .describe("milliseconds of each delay that started, by the type of the event that ends it"),
    refused: z.string().optional().describe("why no transition was taken"),
  }),
]);
/** One line of the log. */
export type ChartLogEntry = z.infer<typeof chartLogEntrySchema>;
export type ChartStep = Extract<ChartLogEntry, { kind: "step" }>;
export type ChartEvent = Extract<ChartLogEntry, { kind: "event" }>;
