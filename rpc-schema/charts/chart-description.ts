// A state machine as data, for drawings and tables: its states, its transitions, and the names of its actions.

import { z } from "zod";

export const transitionDescriptionSchema = z.object({
  on: z.string().describe("the event's type; empty for a transition without an event"),
  index: z
    .number()
    .int()
    .describe(
      "position among the transitions of the same state and event; the first one whose guard passes is taken",
    ),
  to: z.array(z.string()).describe("ids of the targets; empty where the state does not change"),
  after: z.string().optional().describe("name of the delay that triggers it"),
  guard: z.string().optional(),
  actions: z.array(z.string()),
  description: z.string().optional(),
});
export type TransitionDescription = z.infer<typeof transitionDescriptionSchema>;

/** One state with everything inside it. */
export interface StateDescription {
  /** Unique within the chart, such as `call.active.connecting`. */
  readonly id: string;
  readonly key: string;
  readonly type: "atomic" | "compound" | "parallel" | "final" | "history";
  readonly description?: string | undefined;
  readonly tags: string[];
  /** Ids of the initial states. */
  readonly initial: string[];
  readonly entry: string[];
  readonly exit: string[];
  /** Names of the effects and charts that run while the state is active. */
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
