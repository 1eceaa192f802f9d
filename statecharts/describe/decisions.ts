// Reads from a machine what it does with every event in every state in which it can rest. Transitions of the parent states
// count too. The reasons of refusals are in ../refusals.ts.

import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from "xstate";
import { actionName, childrenOf } from "./describe.ts";
import { candidatesOf } from "./transitions.ts";

/**
 * handled: the chart changes its state or acts. conditional: only if a guard allows it. deferred: the event is only stored, and
 * used later. ignored: the chart names the event and does nothing. refused: no active state names it.
 */
export type Decision = "handled" | "conditional" | "deferred" | "ignored" | "refused";

export interface StateDecisions {
  readonly state: string;
  readonly decisions: Readonly<Record<string, Decision>>;
}

/** Each region of a parallel chart has its own table, with the events of that region. */
export interface DecisionTable {
  readonly title: string;
  readonly events: readonly string[];
  readonly states: readonly StateDecisions[];
}

export function decisionTables(machine: AnyStateMachine): DecisionTable[] {
  const { root } = machine;
  const regions = root.type === "parallel" ? childrenOf(root) : [root];
  return regions.map((region) => {
    const named = new Set(
      region === root ? namedBy(region) : [...namedBy(region), ...root.transitions.keys()],
    );
    const events = [...named].filter(isOwn).sort();
    const states = restingIn(region).map((state) => ({
      state: state.id,
      decisions: Object.fromEntries(events.map((event) => [event, decide(machine, state, event)])),
    }));
    return { title: region.id, events, states };
  });
}

/** xstate's own events report timers and invoked actors, and arrive only in the states that expect them. */
const isOwn = (event: string) => !event.startsWith("xstate.");

function namedBy(node: AnyStateNode): string[] {
  return [...node.transitions.keys(), ...childrenOf(node).flatMap(namedBy)];
}

/** @returns the states in which an event can arrive, without final and transient ones */
function restingIn(node: AnyStateNode): AnyStateNode[] {
  if (node.type !== "atomic") return childrenOf(node).flatMap(restingIn);
  const isPassedThrough = node.always?.some(({ guard }) => guard === undefined) ?? false;
  return isPassedThrough ? [] : [node];
}

function decide(machine: AnyStateMachine, state: AnyStateNode, event: string): Decision {
  const { taken, isCertain } = whatIsTaken(state, event);
  if (taken.length === 0) return "refused";
  if (taken.every(({ target, actions }) => target === undefined && actions.length === 0)) return "ignored";
  if (taken.every((one) => isOnlyRemembered(machine, one))) return "deferred";
  return isCertain ? "handled" : "conditional";
}

/** Collects candidates from the innermost state outwards, until one without a guard is certain to be taken. */
function whatIsTaken(state: AnyStateNode, event: string) {
  const taken: AnyTransitionDefinition[] = [];
  for (let node: AnyStateNode | undefined = state; node; node = node.parent) {
    for (const candidate of candidatesOf(node, event)) {
      taken.push(candidate);
      if (candidate.guard === undefined) return { taken, isCertain: true };
    }
  }
  return { taken, isCertain: false };
}

function isOnlyRemembered(machine: AnyStateMachine, { target, actions }: AnyTransitionDefinition): boolean {
  const { actions: known } = machine.implementations;
  return (
    target === undefined &&
    actions.every((action) => {
      const what: unknown = known[actionName(action)];
      return typeof what === "function" && "type" in what && what.type === "xstate.assign";
    })
  );
}
