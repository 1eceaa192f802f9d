// `npm run bridge`: serves the pages of a running Goop² with calls, and a call page. Prints their addresses, and hangs up on
// exit.

import { errorText } from "../common/error-text.ts";
import { bridgeHelp, type CommandOptions, readBridgeOptions } from "./goop-bridge/bridge-options.ts";
import { findGoop } from "./goop-bridge/find-goop.ts";
import { type Bridge, startBridge } from "./goop-bridge/start-bridge.ts";
import { openInBrowser, untilEnded } from "./terminal.ts";

const ending = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => ending.abort());

try {
  const { DISPLAY, WAYLAND_DISPLAY } = process.env;
  const options = readBridgeOptions(process.argv.slice(2), Boolean(DISPLAY || WAYLAND_DISPLAY));
  if (options === "help") console.log(bridgeHelp);
  else await run(options);
  process.exitCode = 0;
} catch (error) {
  // A user who ends the wait for Goop² needs no error message.
  process.exitCode = ending.signal.aborted ? 0 : 1;
  if (!ending.signal.aborted) printProblem(errorText(error));
}

async function run(options: CommandOptions): Promise<void> {
  const { port, pagesPort, settings, log } = options;
  const goop = options.goop ?? (await findGoop(ending.signal));
  const bridge = await startBridge({
    goop,
    port,
    pagesPort,
    settings,
    report: printProblem,
    signal: ending.signal,
    onLog: (line) => {
      if (log) console.error(line);
    },
  });
  try {
    printIntroduction(bridge, goop);
    if (options.open) await openInBrowser(bridge.pages.url, printProblem);
    const unusable = await Promise.race([
      untilEnded(options.durationS, ending.signal).then(() => undefined),
      bridge.unusable,
    ]);
    if (unusable !== undefined) throw new Error(unusable);
  } finally {
    console.log("Ending…");
    await bridge.stop();
  }
}

function printIntroduction({ host, pages, selfId }: Bridge, goop: URL): void {
  console.log(`${host.state.label || selfId}  ${host.url}`);
  console.log(`Goop² with calls  ${pages.url}`);
  console.log(`attached to ${goop.origin} as ${selfId}`);
  if (host.state.settings?.videoDisabled) {
    console.log("Calls are switched off in the settings of Goop². Switch them on there or on the call page.");
  }
  console.log("Open Goop² with calls, or the call page in the first line. Ctrl-C ends the bridge.");
}

function printProblem(line: string): void {
  console.error(`bridge: ${line}`);
}
