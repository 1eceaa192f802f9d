// A state machine as data, for drawings and tables: its states, its transitions, and the names of its actions.

import { z } from "zod";
import { choice, count, named } from "../named.ts";

export const transitionDescriptionSchema = named(
  "TransitionDescription",
  z.object({
    on: z.string().describe("the event's type; empty for a transition without an event"),
    index: count().describe(
      "position among the transitions of the same state and event; the first one whose guard passes is taken",
    ),
    to: z.array(z.string()).describe("ids of the targets; empty where the state does not change"),
    after: z.string().optional().describe("name of the delay that triggers it"),
    guard: z.string().optional().describe("name of the condition under which it is taken"),
    actions: z.array(z.string()).describe("names of the actions that it runs, in order"),
    description: z.string().optional().describe("for people, where the names do not say enough"),
  }),
  "One transition of a state",
);
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

export const stateDescriptionSchema: z.ZodType<StateDescription> = named(
  "StateDescription",
  z.object({
    id: z.string().describe("unique within the chart, such as `call.active.connecting`"),
    key: z.string().describe("the last part of the id"),
    type: choice("StateType", "The kinds of states, as xstate has them", {
      atomic: "has no states within it",
      compound: "exactly one of its states is active",
      parallel: "all of its states are active",
      final: "the end of its parent",
      history: "stands for the state that was last active in its parent",
    }),
    description: z.string().optional().describe("for people, where the names do not say enough"),
    tags: z.array(z.string()).describe("names that group states, such as the phases of a call"),
    initial: z.array(z.string()).describe("ids of the states that become active with this one"),
    entry: z.array(z.string()).describe("names of the actions that run when the state is entered"),
    exit: z.array(z.string()).describe("names of the actions that run when the state is left"),
    invoke: z
      .array(z.string())
      .describe("names of the effects and charts that run while the state is active"),
    transitions: z
      .array(transitionDescriptionSchema)
      .describe("all transitions that the state defines itself"),
    get states() {
      return z.array(stateDescriptionSchema).describe("the states within this one");
    },
  }),
  "One state with everything inside it",
);

export const chartDescriptionSchema = named(
  "ChartDescription",
  z.object({
    id: z.string().describe("name of the chart, such as `call`"),
    description: z.string().describe("for people: what the chart decides"),
    root: stateDescriptionSchema,
  }),
  "One state machine",
);
export type ChartDescription = z.infer<typeof chartDescriptionSchema>;
