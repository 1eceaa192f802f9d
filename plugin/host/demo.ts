// `npm run demo`: two users on this machine. Prints the address of each user's page, and stops both on Ctrl-C.

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

function printProblem(line: string): void {
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
    printIntroduction(pair);
    if (options.open) for (const { url } of [pair.alice, pair.bob]) await openInBrowser(url, printProblem);
    await untilEnded(options.durationS, ending.signal);
  } finally {
    console.log("Ending…");
    await pair.stop();
  }
}

function printIntroduction({ alice, bob }: Pair): void {
  console.log(`Alice  ${alice.url}`);
  console.log(`Bob    ${bob.url}`);
  for (const { state } of [alice, bob]) {
    const { camera, microphone, speaker } = state.settings ?? {};
    console.log(`${state.label}: camera ${camera}, microphone ${microphone}, speaker ${speaker}`);
  }
  if (alice.state.settings?.microphone === "auto" && alice.state.settings.speaker === "auto") {
    console.log(
      "Both use the same speakers and microphone. Use headphones or mute one side to avoid acoustic feedback.",
    );
  }
  console.log("Open both pages and call from one of them. Ctrl-C ends the demo.");
}
