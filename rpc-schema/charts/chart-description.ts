// A chart as a drawing or a table needs it: states, transitions, and the names of what happens in them.

import { z } from "zod";

export const transitionDescriptionSchema = z.object({
  on: z.string().describe("the event's type; empty where the transition needs none"),
  index: z
    .number()
    .int()
    .describe("place among those of the same state and event: the first that may is taken"),
  to: z.array(z.string()).describe("ids of its targets; empty where the state stays"),
  after: z.string().optional().describe("name of the delay that it waits for"),
  guard: z.string().optional(),
  actions: z.array(z.string()),
  description: z.string().optional(),
});
export type TransitionDescription = z.infer<typeof transitionDescriptionSchema>;

/** One state with all within it. */
export interface StateDescription {
  /** Unique within the chart, such as `call.active.connecting`. */
  readonly id: string;
  readonly key: string;
  readonly type: "atomic" | "compound" | "parallel" | "final" | "history";
  readonly description?: string | undefined;
  readonly tags: string[];
  /** Ids of the states entered first. */
  readonly initial: string[];
  readonly entry: string[];
  readonly exit: string[];
  /** Effects and charts that live as long as the state: their names. */
  readonly invoke: string[];
  readonly transitions: TransitionDescription[];
  readonly states: StateDescription[];
}

export const stateDescriptionSchema: z.ZodType<StateDescription> = z
  .object({
    id: z.string(),
    key: z.string(),
    type: z.enum(["atomic", "compound", "parallel", "final", "history"]),
    description: z.string().optional(),
    tags: z.array(z.string()),
    initial: z.array(z.string()),
    entry: z.array(z.string()),
    exit: z.array(z.string()),
    invoke: z.array(z.string()),
    transitions: z.array(transitionDescriptionSchema),
    get states() {
      return z.array(stateDescriptionSchema);
    },
  })
  .meta({ id: "StateDescription" });

export const chartDescriptionSchema = z.object({
  id: z.string(),
  description: z.string(),
  root: stateDescriptionSchema,
});
export type ChartDescription = z.infer<typeof chartDescriptionSchema>;
