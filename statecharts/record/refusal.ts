// Why a chart did nothing with an event, in words: nobody asks for it here, or those who do were kept back by a guard.

import type { AnyMachineSnapshot } from "xstate";
import { candidatesOf, guardName } from "../describe/transitions.ts";

/** For an event that no transition was taken for. Reads the chart's definition only; no guard runs again. */
export function refusalOf(snapshot: AnyMachineSnapshot, type: string): string {
  const asked = snapshot._nodes.flatMap((node) => candidatesOf(node, type));
  if (asked.length === 0) return `no state that is active takes ${type}`;
  const guards = asked.map((one) => guardName(one.guard)).filter((name) => name !== "");
  return guards.length === 0 ? "it changes nothing" : `kept back by ${[...new Set(guards)].join(", ")}`;
}
