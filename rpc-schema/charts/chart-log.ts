// Entries about what the charts did. An event log and the stream of a running plugin have the same entries, so that the chart
// viewer can show both.

import { z } from "zod";
import { choice, count, named, unixMs } from "../named.ts";

/** Rises when an older reader could misread an entry. */
export const CHART_LOG_VERSION = 2;
/** Version 1 has the same form, with other names of charts, states, events and context keys. */
const READABLE_VERSIONS = [1, CHART_LOG_VERSION] as const;

export const eventOriginSchema = choice("EventOrigin", "The source of an event", {
  user: "the host's page",
  remote: "the remote peer",
  device: "a device",
  clock: "a delay that has passed",
  engine: "the WebRTC engine",
  host: "the host",
  chart: "another chart",
});
export type EventOrigin = z.infer<typeof eventOriginSchema>;

const actorPathSchema = z
  .string()
  .min(1)
  .max(1024)
  .describe(
    "path of the actor from its root, such as `callManager/call:ID/link`; a later actor can have the path of one that has ended",
  );
const timeSchema = z.number().min(0).describe("milliseconds since the log's `startedAt`");
/** A state value of xstate. */
const stateValueSchema = z
  .union([z.string(), z.record(z.string(), z.unknown())])
  .describe("the name of the active state, or an object with one for each region");

const takenTransitionSchema = named(
  "TakenTransition",
  z.object({
    from: z.string().describe("id of the state that the transition belongs to"),
    on: z.string().describe("the event's type; empty for a transition without an event"),
    index: count().describe("position among the transitions of the same state and event"),
    to: z.array(z.string()).describe("ids of the states entered; empty where the state does not change"),
  }),
  "A transition that was taken",
);
export type TakenTransition = z.infer<typeof takenTransitionSchema>;

const logHeadSchema = named(
  "ChartLogHead",
  z.object({
    kind: z.literal("log").describe("marks this kind of entry"),
    version: named("ChartLogVersion", z.literal(READABLE_VERSIONS), "Version of the log's form"),
    plugin: named(
      "ChartLogPlugin",
      z.object({
        name: z.string().describe("name of the package"),
        version: z.string().describe("version of the package"),
      }),
      "The plugin that wrote the log",
    ),
    startedAt: unixMs().describe("Unix milliseconds"),
    masked: z
      .boolean()
      .describe("secrets, addresses and device names are replaced, each always by the same text"),
  }),
  "The first line of a log",
);

const actorEntrySchema = named(
  "ChartLogActor",
  z.object({
    kind: z.literal("actor").describe("marks this kind of entry"),
    t: timeSchema,
    id: actorPathSchema,
    chart: z.string().nullable().describe("id of the chart; null for an effect such as an open camera"),
    input: z.unknown().optional().describe("for a root actor only"),
  }),
  "An actor began",
);

const eventEntrySchema = named(
  "ChartLogEvent",
  z.object({
    kind: z.literal("event").describe("marks this kind of entry"),
    t: timeSchema,
    to: actorPathSchema,
    from: actorPathSchema.nullable().describe("null for an event from outside the charts"),
    origin: eventOriginSchema,
    event: named(
      "ChartEvent",
      z.looseObject({ type: z.string().describe("name of the event, such as `user.accept`") }),
      "An event with its content",
    ),
  }),
  "An actor received an event",
);

const stepEntrySchema = named(
  "ChartLogStep",
  z.object({
    kind: z.literal("step").describe("marks this kind of entry"),
    t: timeSchema,
    id: actorPathSchema,
    event: z.string().describe("type of the event that was processed"),
    status: choice("ActorStatus", "Whether an actor still runs", {
      active: "it runs",
      done: "it reached its final state",
      error: "it failed",
      stopped: "its parent stopped it",
    }),
    value: stateValueSchema,
    changed: z
      .record(z.string(), z.unknown())
      .describe("the keys of the context that are new or have changed"),
    taken: z.array(takenTransitionSchema).describe("the transitions that were taken, in order"),
    actions: z.array(z.string()).describe("names of the actions that ran, in order"),
    delays: z
      .record(z.string(), z.number())
      .optional()
      .describe("milliseconds of each delay that started, by the type of the event that ends it"),
    refused: z.string().optional().describe("why no transition was taken"),
  }),
  "An actor processed an event",
);

export const chartLogEntrySchema = named(
  "ChartLogEntry",
  z.discriminatedUnion("kind", [logHeadSchema, actorEntrySchema, eventEntrySchema, stepEntrySchema]),
  "One line of an event log",
);
/** One line of the log. */
export type ChartLogEntry = z.infer<typeof chartLogEntrySchema>;
export type ChartStep = Extract<ChartLogEntry, { kind: "step" }>;
export type ChartEvent = Extract<ChartLogEntry, { kind: "event" }>;
