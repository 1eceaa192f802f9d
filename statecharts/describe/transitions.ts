// What can be read off a transition of a machine, for whoever describes charts or follows them.

import type { AnyStateNode, AnyTransitionDefinition } from "xstate";

/** Its place among those of the same state and event type, which are tried in this order. */
export function indexOf(transition: AnyTransitionDefinition): number {
  const { source, eventType } = transition;
  const siblings = eventType === "" ? source.always : source.transitions.get(eventType);
  return Math.max(0, siblings?.indexOf(transition) ?? 0);
}

/** Ids of its targets; empty where the state stays. */
export function targetsOf({ target }: AnyTransitionDefinition): string[] {
  return target?.map(({ id }) => id) ?? [];
}

/** Transitions of a state for an event type, its wildcards included. */
export function candidatesOf(node: AnyStateNode, type: string): readonly AnyTransitionDefinition[] {
  return [...node.transitions].flatMap(([descriptor, list]) => (matches(descriptor, type) ? list : []));
}

/** `a.*` stands for all that begin with `a.`, `*` for everything. */
function matches(descriptor: string, type: string): boolean {
  if (descriptor === type || descriptor === "*") return true;
  return descriptor.endsWith(".*") && type.startsWith(descriptor.slice(0, -1));
}

/** A guard as the chart names it; empty where there is none. */
export function guardName(guard: unknown): string {
  if (typeof guard === "string") return guard;
  if (typeof guard === "function") return guard.name || "a guard without a name";
  if (typeof guard !== "object" || guard === null || !("type" in guard)) return "";
  const { type } = guard;
  const parts = "guards" in guard && Array.isArray(guard.guards) ? guard.guards.map(guardName) : [];
  return parts.length > 0 ? `${String(type)}(${parts.join(", ")})` : String(type);
}
