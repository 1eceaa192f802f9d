// Reads single transitions of a machine, for descriptions and recordings.

import type { AnyStateNode, AnyTransitionDefinition } from "xstate";

/** @returns its index among the transitions of the same state and event type, which are tried in this order */
export function indexOf(transition: AnyTransitionDefinition): number {
  const { source, eventType } = transition;
  const siblings = eventType === "" ? source.always : source.transitions.get(eventType);
  return Math.max(0, siblings?.indexOf(transition) ?? 0);
}

/** @returns the ids of its targets; empty if the state does not change */
export function targetsOf({ target }: AnyTransitionDefinition): string[] {
  return target?.map(({ id }) => id) ?? [];
}

/** @returns the transitions of a state for an event type, including wildcards */
export function candidatesOf(node: AnyStateNode, type: string): readonly AnyTransitionDefinition[] {
  return [...node.transitions].flatMap(([descriptor, list]) => (matches(descriptor, type) ? list : []));
}

/** `a.*` matches every type that begins with `a.`, and `*` matches every type. */
function matches(descriptor: string, type: string): boolean {
  if (descriptor === type || descriptor === "*") return true;
  return descriptor.endsWith(".*") && type.startsWith(descriptor.slice(0, -1));
}

/** @returns the chart's name of a guard; empty without a guard */
export function guardName(guard: unknown): string {
  if (typeof guard === "string") return guard;
  if (typeof guard === "function") return guard.name || "a guard without a name";
  if (typeof guard !== "object" || guard === null || !("type" in guard)) return "";
  const { type } = guard;
  const parts = "guards" in guard && Array.isArray(guard.guards) ? guard.guards.map(guardName) : [];
  return parts.length > 0 ? `${String(type)}(${parts.join(", ")})` : String(type);
}
