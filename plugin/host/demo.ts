// `npm run demo`: two people on this machine, a page for each. Prints where the pages are and ends in order.

import { errorText } from "../common/error-text.ts";
import { demoHelp, readDemoOptions } from "./options.ts";
import { type Pair, startPair } from "./pair.ts";
import { openInBrowser, untilEnded } from "./terminal.ts";

try {
  const options = readDemoOptions(process.argv.slice(2), process.env);
  if (options.help) console.log(demoHelp);
  else await run(options);
  process.exitCode = 0;
} catch (error) {
  console.error(`demo: ${errorText(error)}`);
  process.exitCode = 1;
}

function complain(line: string): void {
  console.error(`demo: ${line}`);
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
    if (options.open) for (const { url } of [pair.alice, pair.bob]) await openInBrowser(url, complain);
    await untilEnded(options.durationS, ending.signal);
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
