// `inspect`: selects a running plugin and returns its inspection address, or why there is none. It opens nothing.

import type { InspectCommand } from "../command-line.ts";
import type { RunningPlugin } from "../diagnostics/runtime-file.ts";

const HOW_TO =
  'Switch "debugging" on in the host\'s settings, or let the host send\n  settings.update {"settings":{"debugging":true}}';

export interface InspectAnswer {
  /** The address to open; null if there is none. */
  readonly url: string | null;
  /** The text for the user. */
  readonly text: string;
}

/** @param folder the folder of the runtime files */
export function describeInspection(
  { pid, stately }: Pick<InspectCommand, "pid" | "stately">,
  running: readonly RunningPlugin[],
  folder: string,
): InspectAnswer {
  const no = (text: string): InspectAnswer => ({ url: null, text });
  if (running.length === 0) return no(`No plugin of this user is running (searched in ${folder}).`);
  const selected = pid === null ? running : running.filter((one) => one.pid === pid);
  const [one] = selected;
  if (!one) return no(`No plugin of this user has the pid ${pid}. Running:\n${listOf(running)}`);
  if (selected.length > 1)
    return no(`Several plugins are running. Select one by --pid:\n${listOf(selected)}`);
  if (!one.watch) {
    return no(
      `The plugin ${one.pid} (${one.label}) has no inspection server because the setting "debugging" is off. ${HOW_TO}`,
    );
  }
  const url = stately ? one.watch.statelyUrl : one.watch.pageUrl;
  return { url, text: url };
}

function listOf(running: readonly RunningPlugin[]): string {
  return running
    .map(({ pid, version, label, watch }) => {
      const state = watch ? "can be inspected" : 'the setting "debugging" is off';
      return `  ${String(pid).padEnd(9)}${label}, version ${version}, ${state}`;
    })
    .join("\n");
}
