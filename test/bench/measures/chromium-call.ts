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
  connectedAt,
  drawPattern,
  finish,
  limit,
  offer,
  type PageCamera,
  preparePeer,
  switchCameraOn,
  takeSeen,
  waitForGathering,
  watchVideo,
} from "./chromium-page.ts";
import { drawnShare } from "./frame-ledger.ts";
import { fullAfterMs } from "./start/full-picture.ts";

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
  connectedAt,
  switchCameraOn,
  takeSeen,
]
  .map(String)
  .join("\n");

type Run = (browser: Browser, call: string, ...args: unknown[]) => Promise<unknown>;

/** @param body runs with the two browsers, and calls the page functions by name */
async function withBrowsers<T>(body: (run: Run, alice: Browser, bob: Browser) => Promise<T>): Promise<T> {
  const browsers: Browser[] = [];
  try {
    for (let side = 0; side < 2; side += 1)
      browsers.push(await startChromium({ args: SWITCHES, isPlain: true }));
    const [alice, bob] = browsers as [Browser, Browser];
    const run: Run = (browser, call, ...args) =>
      browser.executeSource(`(...args) => { ${PAGE_FUNCTIONS}\n return ${call}(...args); }`, ...args);
    return await body(run, alice, bob);
  } finally {
    for (const browser of browsers) await browser.close();
  }
}

async function connect(run: Run, caller: Browser, callee: Browser, maxBitrateBps: number): Promise<void> {
  const offered = await run(caller, "offer");
  const answered = await run(callee, "answer", offered, maxBitrateBps);
  await run(caller, "finish", answered, maxBitrateBps);
}

/** The page's answer is JSON of the type that takeSeen returns. */
async function seenBy(run: Run, browser: Browser): Promise<ReturnType<typeof takeSeen>> {
  return (await run(browser, "takeSeen")) as ReturnType<typeof takeSeen>;
}

export function measureChromium(options: ChromiumCallOptions): Promise<ChromiumReport> {
  return withBrowsers(async (run, alice, bob) => {
    await run(alice, "preparePeer", options.own, true);
    await run(bob, "preparePeer", options.watched, false);
    await connect(run, bob, alice, options.maxBitrateBps);
    await alice.waitForSource("() => (window.goopSeen ?? []).length > 0");
    await delay(options.warmUpMs);
    await run(alice, "takeSeen");
    await delay(options.windowMs);
    const seen = await seenBy(run, alice);
    const delays = seen.map(({ delayMs }) => delayMs);
    return {
      wholeMs: median(delays),
      wholeP95Ms: quantile(delays, 0.95),
      shownPercent: 100 * drawnShare(seen.map(({ sequence }) => sequence)),
      shownWidth: seen.at(-1)?.width ?? 0,
    };
  });
}

export interface ChromiumStartOptions {
  readonly size: FrameSize;
  readonly maxBitrateBps: number;
  /** The caller's camera, and the callee's. */
  readonly cameras: readonly [PageCamera, PageCamera];
  readonly windowMs: number;
}

/**
 * @returns how soon the callee shows the caller's picture in full, and the caller the callee's: from the connection, or from
 * the moment at which a camera that was off is switched on, half a window later; NaN where it never does
 */
export function measureChromiumStart(options: ChromiumStartOptions): Promise<[number, number]> {
  const { size, cameras, maxBitrateBps, windowMs } = options;
  return withBrowsers(async (run, callee, caller) => {
    await run(caller, "preparePeer", size, true, cameras[0]);
    await run(callee, "preparePeer", size, true, cameras[1]);
    await connect(run, caller, callee, maxBitrateBps);
    await callee.waitForSource("() => window.goopConnectedAt > 0");
    let fromMs = Number(await run(callee, "connectedAt"));
    if (cameras.includes("off")) {
      await delay(windowMs / 2);
      fromMs = Number(await run(cameras[0] === "off" ? caller : callee, "switchCameraOn"));
    }
    await delay(windowMs);
    return [
      fullAfterMs(await seenBy(run, callee), fromMs, size),
      fullAfterMs(await seenBy(run, caller), fromMs, size),
    ];
  });
}
