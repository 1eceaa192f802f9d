// `inspect`: which of the running plugins is meant, where it is watched, or why it cannot be. Pure; opens nothing.

import type { InspectCommand } from "../command-line.ts";
import type { RunningPlugin } from "../diagnostics/runtime-file.ts";

const HOW_TO =
  'Switch "debugging" on in the host\'s settings, or let the host send\n  settings.update {"settings":{"debugging":true}}';

export interface InspectAnswer {
  /** What to open; null where there is nothing. */
  readonly url: string | null;
  /** For the person who asked. */
  readonly text: string;
}

/** @param folder where they were looked for */
export function describeInspection(
  { pid, stately }: Pick<InspectCommand, "pid" | "stately">,
  running: readonly RunningPlugin[],
  folder: string,
): InspectAnswer {
  const no = (text: string): InspectAnswer => ({ url: null, text });
  if (running.length === 0) return no(`No plugin of yours is running (looked in ${folder}).`);
  const meant = pid === null ? running : running.filter((one) => one.pid === pid);
  const [one] = meant;
  if (!one) return no(`No plugin of yours has the pid ${pid}. Running:\n${listOf(running)}`);
  if (meant.length > 1) return no(`Several plugins are running; say which by --pid:\n${listOf(meant)}`);
  if (!one.watch) {
    return no(`The plugin ${one.pid} (${one.label}) does not let itself be watched. ${HOW_TO}`);
  }
  const url = stately ? one.watch.statelyUrl : one.watch.pageUrl;
  return { url, text: url };
}

function listOf(running: readonly RunningPlugin[]): string {
  return running
    .map(({ pid, version, label, watch }) => {
      const state = watch ? "can be watched" : 'the setting "debugging" is off';
      return `  ${String(pid).padEnd(9)}${label}, version ${version}, ${state}`;
    })
    .join("\n");
}
