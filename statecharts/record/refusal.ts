// Explains why a chart ignored an event: no active state handles it, or a guard rejected it.

import type { AnyMachineSnapshot } from "xstate";
import { candidatesOf, guardName } from "../describe/transitions.ts";

/** For an event without a taken transition. Reads the definition of the chart only, and runs no guard. */
export function refusalOf(snapshot: AnyMachineSnapshot, type: string): string {
  const candidates = snapshot._nodes.flatMap((node) => candidatesOf(node, type));
  if (candidates.length === 0) return `no state that is active takes ${type}`;
  const guards = candidates.map((one) => guardName(one.guard)).filter((name) => name !== "");
  return guards.length === 0 ? "it changes nothing" : `kept back by ${[...new Set(guards)].join(", ")}`;
}
