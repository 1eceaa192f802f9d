// `npm run demo`: two people on this machine, a page for each. Prints where the pages are and ends in order.

import { spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { demoHelp, readDemoOptions } from "./options.ts";
import { type Pair, startPair } from "./pair.ts";

try {
  const options = readDemoOptions(process.argv.slice(2), process.env);
  if (options.help) console.log(demoHelp);
  else await run(options);
  process.exitCode = 0;
} catch (error) {
  console.error(`demo: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

async function run(options: ReturnType<typeof readDemoOptions>): Promise<void> {
  const ending = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => ending.abort());
  const pair = await startPair({
    portA: options.portA,
    portB: options.portB,
    devices: options.devices,
    onLog: (label, line) => {
      if (options.log) console.error(`${label}: ${line}`);
    },
  });
  try {
    tell(pair);
    if (options.open) [pair.alice.url, pair.bob.url].forEach(openInBrowser);
    await wait(options.durationS, ending.signal);
  } finally {
    console.log("Ending…");
    await pair.stop();
  }
}

function tell({ alice, bob }: Pair): void {
  console.log(`Alice  ${alice.url}`);
  console.log(`Bob    ${bob.url}`);
  for (const { state } of [alice, bob]) {
    const { camera, microphone, speaker } = state.settings ?? {};
    console.log(`${state.label}: camera ${camera}, microphone ${microphone}, speaker ${speaker}`);
  }
  if (alice.state.settings?.microphone === "auto" && alice.state.settings.speaker === "auto") {
    console.log("Both play and listen in one room: use headphones, or mute one side, against howling.");
  }
  console.log("Open both pages, and call from one. Ctrl-C ends everything.");
}

/** Resolves when the time is over or the user ends it. */
async function wait(durationS: number | undefined, signal: AbortSignal): Promise<void> {
  const until = durationS === undefined ? never() : delay(durationS * 1000, undefined, { signal });
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await Promise.race([aborted, until.catch(() => undefined)]);
}

function never(): Promise<void> {
  return new Promise(() => undefined);
}

/** The demo goes on without a browser: the address is printed too. */
function openInBrowser(url: string): void {
  const opener = spawn("xdg-open", [url], { stdio: "ignore", detached: true });
  opener.on("error", (error) => console.error(`demo: no browser could be opened: ${error.message}`));
  opener.unref();
}
