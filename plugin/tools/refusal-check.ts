// Tells what running plugins have refused. Nothing needs to be done about it, because it was refused.

import { REFUSAL_TEXTS } from "../../rpc-schema/index.ts";
import type { RunningPlugin } from "../diagnostics/runtime-file.ts";
import { type Finding, ok } from "./finding.ts";

/** One finding for each plugin that has refused something. */
export function checkRefusals(running: readonly RunningPlugin[]): Finding[] {
  return running
    .filter(({ refused }) => refused.length > 0)
    .map(({ pid, label, refused }) => {
      const what = refused.map(({ reason, count }) => `${count} ${textOf(reason)}`).join("; ");
      return ok("refused", `The plugin ${pid} (${label}) has refused: ${what}.`);
    });
}

/** A plugin of another version may know other reasons. */
function textOf(reason: string): string {
  const found = Object.entries(REFUSAL_TEXTS).find(([name]) => name === reason);
  return found?.[1] ?? reason;
}
