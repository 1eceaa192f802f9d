// Why a chart did nothing with an event, in words: nobody asks for it here, or those who do were kept back by a guard.

import type { AnyMachineSnapshot, AnyStateNode, AnyTransitionDefinition } from "xstate";

/** For an event that no transition was taken for. Reads the chart's definition only; no guard runs again. */
export function refusalOf(snapshot: AnyMachineSnapshot, type: string): string {
  const asked = snapshot._nodes.flatMap((node) => candidatesOf(node, type));
  if (asked.length === 0) return `no state that is active takes ${type}`;
  const guards = asked.map((one) => guardName(one.guard)).filter((name) => name !== "");
  return guards.length === 0 ? "it changes nothing" : `kept back by ${[...new Set(guards)].join(", ")}`;
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
