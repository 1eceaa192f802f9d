// The yardstick: Chromium calling Chromium with a canvas that shows the same pattern, drawn by its own <video>. Each side
// is a browser of its own; the pages run the functions of chromium-page.ts, and this module carries their descriptions.

import { setTimeout as delay } from "node:timers/promises";
import type { Browser } from "../../support/browser/browser.ts";
import { startChromium } from "../../support/browser/chromium.ts";
import { crc16, readCells, readStamp, stampDelayMs } from "../../support/pictures/stamp-reader.ts";
import type { PictureSize } from "../bench-side.ts";
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

export interface ChromiumWish {
  readonly watched: PictureSize;
  readonly own: PictureSize;
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

export async function measureChromium(wish: ChromiumWish): Promise<ChromiumReport> {
  const browsers: Browser[] = [];
  try {
    for (let side = 0; side < 2; side += 1) browsers.push(await startChromium({ args: SWITCHES }));
    const [alice, bob] = browsers as [Browser, Browser];
    const run = (browser: Browser, call: string, ...args: unknown[]) =>
      browser.executeSource(`(...args) => { ${PAGE_FUNCTIONS}\n return ${call}(...args); }`, ...args);
    await run(alice, "preparePeer", wish.own, true);
    await run(bob, "preparePeer", wish.watched, false);
    const offered = await run(bob, "offer");
    const answered = await run(alice, "answer", offered, wish.maxBitrateBps);
    await run(bob, "finish", answered, wish.maxBitrateBps);
    await alice.waitForSource("() => (window.goopSeen ?? []).length > 0");
    await delay(wish.warmUpMs);
    await run(alice, "takeSeen");
    await delay(wish.windowMs);
    // The page's answer is JSON: takeSeen says what it is.
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
