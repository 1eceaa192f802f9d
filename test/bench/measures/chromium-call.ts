// The reference: Chromium calls Chromium with a canvas that shows the same pattern, and a <video> draws it. Each side is a
// browser of its own. The pages run the functions of chromium-page.ts, and this module relays their descriptions.

import { setTimeout as delay } from "node:timers/promises";
import type { Browser } from "../../support/browser/browser.ts";
import { startChromium } from "../../support/browser/chromium.ts";
import { crc16, readCells, readStamp, stampDelayMs } from "../../support/pictures/stamp-reader.ts";
import type { FrameSize } from "../bench-side.ts";
import { median, quantile } from "../figures.ts";
import {
  answer,
  drawPattern,
  finish,
  limit,
  offer,
  preparePeer,
  takeSeen,
  waitForGathering,
  watchVideo,
} from "./chromium-page.ts";
import { drawnShare } from "./frame-ledger.ts";

export interface ChromiumCallOptions {
  readonly watched: FrameSize;
  readonly own: FrameSize;
  readonly maxBitrateBps: number;
  readonly warmUpMs: number;
  readonly windowMs: number;
}

export interface ChromiumReport {
  readonly wholeMs: number;
  readonly wholeP95Ms: number;
  readonly shownPercent: number;
  readonly shownWidth: number;
}

const SWITCHES = [
  "--allow-loopback-in-peer-connection",
  "--disable-features=WebRtcHideLocalIpsWithMdns",
  "--autoplay-policy=no-user-gesture-required",
];
const PAGE_FUNCTIONS = [
  readCells,
  crc16,
  readStamp,
  stampDelayMs,
  drawPattern,
  watchVideo,
  waitForGathering,
  preparePeer,
  offer,
  answer,
  finish,
  limit,
  takeSeen,
]
  .map(String)
  .join("\n");

export async function measureChromium(options: ChromiumCallOptions): Promise<ChromiumReport> {
  const browsers: Browser[] = [];
  try {
    for (let side = 0; side < 2; side += 1) browsers.push(await startChromium({ args: SWITCHES }));
    const [alice, bob] = browsers as [Browser, Browser];
    const run = (browser: Browser, call: string, ...args: unknown[]) =>
      browser.executeSource(`(...args) => { ${PAGE_FUNCTIONS}\n return ${call}(...args); }`, ...args);
    await run(alice, "preparePeer", options.own, true);
    await run(bob, "preparePeer", options.watched, false);
    const offered = await run(bob, "offer");
    const answered = await run(alice, "answer", offered, options.maxBitrateBps);
    await run(bob, "finish", answered, options.maxBitrateBps);
    await alice.waitForSource("() => (window.goopSeen ?? []).length > 0");
    await delay(options.warmUpMs);
    await run(alice, "takeSeen");
    await delay(options.windowMs);
    // The page's answer is JSON of the type that takeSeen returns.
    const seen = (await run(alice, "takeSeen")) as ReturnType<typeof takeSeen>;
    const delays = seen.map(({ delayMs }) => delayMs);
    return {
      wholeMs: median(delays),
      wholeP95Ms: quantile(delays, 0.95),
      shownPercent: 100 * drawnShare(seen.map(({ sequence }) => sequence)),
      shownWidth: seen.at(-1)?.width ?? 0,
    };
  } finally {
    for (const browser of browsers) await browser.close();
  }
}
