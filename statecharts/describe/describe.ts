// Reads the description of a chart from the running machine, for drawings, tables and coverage.

import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from "xstate";
import type { ChartDescription, StateDescription, TransitionDescription } from "../../rpc-schema/index.ts";
import { guardName, indexOf, targetsOf } from "./transitions.ts";

const AFTER = /^xstate\.after\.([^.]+)\./;
/** xstate's own event at the end of a compound state. */
const DONE_STATE = /^xstate\.done\.state\./;

export function describeChart(machine: AnyStateMachine): ChartDescription {
  const { root } = machine;
  return { id: machine.id, description: root.description ?? "", root: describeState(root) };
}

function describeState(node: AnyStateNode): StateDescription {
  return {
    id: node.id,
    key: node.key,
    type: node.type,
    ...(node.description === undefined ? {} : { description: node.description }),
    tags: [...node.tags],
    initial: initialOf(node),
    entry: node.entry.map(actionName).filter(isNamed),
    exit: node.exit.map(actionName).filter(isNamed),
    invoke: node.invoke.map(({ src }) => (typeof src === "string" ? src : "unnamed")),
    transitions: transitionsOf(node),
    states: childrenOf(node).map(describeState),
  };
}

/** @returns the children in the order of the chart's source */
export function childrenOf(node: AnyStateNode): AnyStateNode[] {
  return (Object.values(node.states) as AnyStateNode[]).sort((one, other) => one.order - other.order);
}

function initialOf(node: AnyStateNode): string[] {
  if (node.type === "parallel") return childrenOf(node).map(({ id }) => id);
  return node.type === "compound" ? node.initial.target.map(({ id }) => id) : [];
}

function transitionsOf(node: AnyStateNode): TransitionDescription[] {
  const eventless = node.always ?? [];
  return [...eventless, ...[...node.transitions.values()].flat()].map(describeTransition);
}

function describeTransition(transition: AnyTransitionDefinition): TransitionDescription {
  const { eventType, guard, actions, description } = transition;
  const after = AFTER.exec(eventType)?.[1];
  const name = guardName(guard);
  return {
    on: eventType,
    index: indexOf(transition),
    to: targetsOf(transition),
    ...(after === undefined ? {} : { after }),
    ...(name === "" ? {} : { guard: name }),
    actions: actions.map(actionName).filter(isNamed),
    ...(description === undefined ? {} : { description }),
  };
}

/** xstate uses actions of its own for invoked actors; `invoke` lists those already. */
const isNamed = (name: string) => name !== "" && !name.startsWith("xstate.");

export function actionName(action: unknown): string {
  if (typeof action === "string") return action;
  if (typeof action === "function") return "type" in action ? String(action.type) : action.name;
  return typeof action === "object" && action !== null && "type" in action ? String(action.type) : "";
}

/** @returns a readable name for the event of a transition */
export function eventLabel({ on, after }: Pick<TransitionDescription, "on" | "after">): string {
  if (after !== undefined) return `after ${after}`;
  if (DONE_STATE.test(on)) return "done";
  return on.replace(/^xstate\.(done|error)\.actor\..*$/, "$1");
}
