// Mouth to ear through two plugins, and through Chromium calling Chromium with getUserMedia, over the same two PulseAudio
// servers and without voice processing. `node test/bench/measures/sound/mouth-to-ear-beside.ts [--seconds 40]`

import { createServer } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Browser } from "../../../support/browser/browser.ts";
import { startChromium } from "../../../support/browser/chromium.ts";
import { listenOnLoopback } from "../../../support/network/loopback.ts";
import { connectCall, startPair } from "../../../support/plugin/plugin-process.ts";
import { type Pulse, startPulse } from "../../../support/sound/pulse.ts";
import { median, quantile } from "../../figures.ts";
import { answer, finish, limit, offer, prepareVoice, waitForGathering } from "../chromium-page.ts";
import { burstLoop, measureMouthToEar } from "./mouth-to-ear.ts";

/** Jitter buffers settle in this time. */
const WARM_UP_MS = 5_000;
const GOAL_MS = 200;
const FEWEST_MARKS = 30;
const PLAIN_VOICE = { echoCancellation: false, noiseSuppression: false, automaticGain: false };
const SWITCHES = [
  "--allow-loopback-in-peer-connection",
  "--disable-features=WebRtcHideLocalIpsWithMdns",
  "--autoplay-policy=no-user-gesture-required",
  "--use-fake-ui-for-media-stream",
];
const PAGE_FUNCTIONS = [waitForGathering, prepareVoice, offer, answer, finish, limit].map(String).join("\n");

interface Servers {
  readonly mouth: Pulse;
  readonly ear: Pulse;
}

async function throughPlugins({ mouth, ear }: Servers, durationMs: number): Promise<number[]> {
  const devices = { microphone: "auto", speaker: "auto", ...PLAIN_VOICE };
  const { alice, bob, stop } = await startPair(
    { settings: devices, env: ear.env },
    { settings: devices, env: mouth.env },
  );
  try {
    await connectCall(bob, alice, "audio");
    await delay(WARM_UP_MS);
    return await measureMouthToEar(mouth, ear, durationMs);
  } finally {
    await stop();
  }
}

async function throughChromium({ mouth, ear }: Servers, durationMs: number): Promise<number[]> {
  const browsers: Browser[] = [];
  const page = createServer((_request, response) => {
    response.setHeader("content-type", "text/html").end("<!doctype html><title>voice</title>");
  });
  try {
    const url = await listenOnLoopback(page);
    for (const { env } of [mouth, ear])
      browsers.push(await startChromium({ args: SWITCHES, soundEnv: env, isPlain: true }));
    const [bob, alice] = browsers as [Browser, Browser];
    for (const browser of browsers) await browser.open(url);
    const run = (browser: Browser, call: string, ...args: unknown[]) =>
      browser.executeSource(`(...args) => { ${PAGE_FUNCTIONS}\n return ${call}(...args); }`, ...args);
    await run(bob, "prepareVoice");
    await run(alice, "prepareVoice");
    const answered = await run(alice, "answer", await run(bob, "offer"), 0);
    await run(bob, "finish", answered, 0);
    await delay(WARM_UP_MS);
    return await measureMouthToEar(mouth, ear, durationMs);
  } finally {
    for (const browser of browsers) await browser.close();
    page.close();
  }
}

function printDelays(what: string, delaysMs: readonly number[]): void {
  const spread = [0.05, 0.95].map((share) => quantile(delaysMs, share).toFixed(0)).join(" to ");
  const few = delaysMs.length < FEWEST_MARKS ? `, too few: ${FEWEST_MARKS} are wanted` : "";
  console.log(
    `${what}: median ${median(delaysMs).toFixed(1)} ms, 5 to 95 % ${spread} (${delaysMs.length} marks${few})`,
  );
}

export interface Beside {
  /** Delays of the bursts, ms. */
  readonly pluginsMs: readonly number[];
  readonly chromiumMs: readonly number[];
}

export async function measureBeside(durationMs: number): Promise<Beside> {
  const servers: Servers = {
    mouth: await startPulse({ prompt: true }),
    ear: await startPulse({ prompt: true }),
  };
  const quiet = servers.mouth.play(burstLoop());
  try {
    const pluginsMs = await throughPlugins(servers, durationMs);
    return { pluginsMs, chromiumMs: await throughChromium(servers, durationMs) };
  } finally {
    await quiet();
    await servers.mouth.stop();
    await servers.ear.stop();
  }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { seconds: { type: "string", default: "40" } } });
  const { pluginsMs, chromiumMs } = await measureBeside(1_000 * Number(values.seconds));
  console.log(`mouth to ear, goal ${GOAL_MS} ms`);
  printDelays("plugin to plugin", pluginsMs);
  printDelays("Chromium to Chromium", chromiumMs);
  process.exit(0);
}
