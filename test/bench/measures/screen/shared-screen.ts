// A screen of 1920x1080 that Bob shares with Alice: its delay, its processor time, and the time that a switch takes. Alice's page
// runs in WebKitGTK. Processor time is measured in a call without a page, whose host acknowledges the frames.
// `node test/bench/measures/screen/shared-screen.ts [--seconds 12]` runs it alone.

import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Browser } from "../../../support/browser/browser.ts";
import { startWebKit } from "../../../support/browser/webkit.ts";
import { startDisplay } from "../../../support/browser/xvfb.ts";
import { type DrawnFrame, startRecording, takeDrawn } from "../../../support/pictures/stamp-reader.ts";
import { startXClient, type XClient } from "../../../support/screen/x-client.ts";
import { type BenchSide, endCall, introduce, makeCall, next, startSide, unixMs } from "../../bench-side.ts";
import { type FigureName, median, quantile } from "../../figures.ts";
import { takeFrames } from "../host-only-call.ts";
import { coresIn, type SetFigure } from "./screen-cores.ts";

const SCREEN_FIGURES = [
  "screen.delay",
  "screen.delayP95",
  "screen.movingDelay",
  "screen.movingDelayP95",
  "screen.movingRate",
  "screen.stillCores",
  "screen.movingCores",
  "screen.choiceToFirstFrame",
  "screen.switch",
] as const satisfies FigureName[];

const WIDTH = 1920;
const HEIGHT = 1080;
/** 4:3, which tells its frames from those of the screen. */
const CAMERA = { width: 640, height: 480, fps: 30 };
const WIDE = 1.5;
/** As fast as people type, and as fast as a page that is scrolled. */
const TYPING_FPS = 8;
const MOVING_FPS = 30;
const SCROLL_STEP = 8;
const SWITCHES = 6;
const POLL_MS = 200;
const SWITCH_LIMIT_MS = 20_000;
/** Until the encoder has sharpened a still screen. */
const REST_MS = 5_000;

export const SCREEN_STAGE = {
  what: "a shared screen of 1080p, on Alice's page in WebKitGTK, then without a page",
  figures: SCREEN_FIGURES,
  run: ({ windowMs }: { windowMs: number }, results: { set: SetFigure }) =>
    measureScreen(windowMs, results.set.bind(results)),
};

/** @param windowMs of each measurement */
async function measureScreen(windowMs: number, set: SetFigure): Promise<void> {
  const cleanups: (() => Promise<void>)[] = [];
  try {
    const display = await startDisplay(WIDTH, HEIGHT);
    cleanups.push(display.end);
    const client = await startXClient(display.name);
    cleanups.push(client.end);
    const options = { env: { DISPLAY: display.name, WAYLAND_DISPLAY: "" }, adaptation: false };
    const alice = await startSide("Alice", CAMERA, options);
    cleanups.push(alice.stop);
    const bob = await startSide("Bob", CAMERA, options);
    cleanups.push(bob.stop);
    await introduce(alice.host, bob.host);
    await writePage(client);
    await measureCores({ alice, bob, client }, windowMs, set);
    const browser = await startWebKit({ displaySize: [WIDTH, HEIGHT] });
    cleanups.push(() => browser.close());
    await browser.resize(WIDTH, HEIGHT);
    await browser.open(alice.host.url);
    await browser.waitFor("[data-testid=call-video]");
    const call = new WatchedScreen({ alice, bob, client }, browser);
    await call.begin();
    await call.measureSwitches(set);
    await call.measureDelays(windowMs, set);
    await call.end();
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup();
  }
}

interface Sides {
  readonly alice: BenchSide;
  readonly bob: BenchSide;
  readonly client: XClient;
}

/** A page of text below the stamp. */
async function writePage(client: XClient): Promise<void> {
  await client.fill("root", 0xff_ff_ff, 0, 0, WIDTH, HEIGHT);
  const line = "The quick brown fox jumps over the lazy dog; 0123456789 @ ".repeat(4);
  for (let y = HEIGHT / 8 + 20; y < HEIGHT; y += 14) await client.write("root", 20, y, line);
}

async function shareMonitor({ bob }: Pick<Sides, "bob">, callId: string): Promise<number> {
  const { plugin } = bob.host;
  const { sources } = await plugin.request("screen.sources", {});
  const atMs = unixMs();
  await plugin.request("call.shareScreen", { callId, on: true, source: sources[0]?.id ?? "" });
  return atMs;
}

async function stopSharing({ bob }: Pick<Sides, "bob">, callId: string): Promise<number> {
  const atMs = unixMs();
  await bob.host.plugin.request("call.shareScreen", { callId, on: false });
  return atMs;
}

async function measureCores(sides: Sides, windowMs: number, set: SetFigure): Promise<void> {
  const { alice, bob, client } = sides;
  const { callId } = await makeCall(bob.host, alice.host);
  for (const side of [alice, bob]) {
    await side.host.plugin.request("call.setCamera", { callId, on: false });
    await takeFrames(side, callId);
  }
  const both = [alice, bob].map(({ host }) => host);
  const off: number[][] = [];
  const still: number[][] = [];
  // In turn, since load changes.
  for (let round = 0; round < 2; round += 1) {
    await delay(REST_MS);
    off.push(await coresIn(both, windowMs));
    await shareMonitor(sides, callId);
    await delay(REST_MS);
    still.push(await coresIn(both, windowMs));
    if (round === 0) await stopSharing(sides, callId);
  }
  const moving = await painted(client, MOVING_FPS, () => coresIn(both, windowMs));
  await endCall(callId, alice.host, bob.host);
  const mean = (turns: readonly number[][], at: number) =>
    turns.reduce((sum, turn) => sum + (turn[at] ?? Number.NaN), 0) / turns.length;
  const beyond = (turns: readonly number[][]) => [0, 1].map((at) => mean(turns, at) - mean(off, at));
  const note = (turns: readonly number[][]) => {
    const [watching = 0, sharing = 0] = beyond(turns);
    const base = `${mean(off, 0).toFixed(3)} and ${mean(off, 1).toFixed(3)}`;
    return `Alice, who watches, ${watching.toFixed(3)}, Bob ${sharing.toFixed(3)}; before ${base}`;
  };
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  set("screen.stillCores", sum(beyond(still)), note(still));
  set("screen.movingCores", sum(beyond([moving])), note([moving]));
}

/** Paints so many changes a second while `work` runs. */
async function painted<T>(client: XClient, fps: number, work: () => Promise<T>): Promise<T> {
  let isRunning = true;
  const paint = async () => {
    for (let sequence = 0; isRunning; sequence += 1) {
      const beganAt = performance.now();
      if (fps === MOVING_FPS) await client.scroll(SCROLL_STEP);
      await client.stamp(sequence);
      await delay(Math.max(0, 1000 / fps - (performance.now() - beganAt)));
    }
  };
  const painting = paint();
  try {
    return await work();
  } finally {
    isRunning = false;
    await painting;
  }
}

const isOfScreen = ({ width, height }: DrawnFrame): boolean => width / height > WIDE;

/** The call as Alice's page shows it. */
class WatchedScreen {
  readonly #sides: Sides;
  readonly #browser: Browser;
  #callId = "";

  constructor(sides: Sides, browser: Browser) {
    this.#sides = sides;
    this.#browser = browser;
  }

  async begin(): Promise<void> {
    const { alice, bob } = this.#sides;
    await startRecording(this.#browser);
    this.#callId = (await makeCall(bob.host, alice.host)).callId;
    await alice.host.plugin.request("call.setCamera", { callId: this.#callId, on: false });
    await this.#firstSince(0, (frame) => !isOfScreen(frame));
    await delay(REST_MS);
  }

  end(): Promise<void> {
    return endCall(this.#callId, this.#sides.alice.host, this.#sides.bob.host);
  }

  async measureSwitches(set: SetFigure): Promise<void> {
    const toScreenMs: number[] = [];
    const backMs: number[] = [];
    for (let round = 0; round < SWITCHES; round += 1) {
      const beganAt = await shareMonitor(this.#sides, this.#callId);
      toScreenMs.push((await this.#firstSince(beganAt, isOfScreen)) - beganAt);
      await delay(1_000);
      const endedAt = await stopSharing(this.#sides, this.#callId);
      backMs.push((await this.#firstSince(endedAt, (frame) => !isOfScreen(frame))) - endedAt);
      await delay(1_000);
    }
    const list = (values: readonly number[]) => values.map((value) => value.toFixed(0)).join(" ");
    set("screen.choiceToFirstFrame", median(toScreenMs), `median of ${list(toScreenMs)}`);
    set("screen.switch", Math.max(...toScreenMs, ...backMs), `the longest; back ${list(backMs)}`);
  }

  async measureDelays(windowMs: number, set: SetFigure): Promise<void> {
    const beganAt = await shareMonitor(this.#sides, this.#callId);
    await this.#firstSince(beganAt, isOfScreen);
    await delay(REST_MS);
    const typed = await this.#drawn(TYPING_FPS, windowMs);
    set("screen.delay", median(typed.delaysMs), typed.note);
    set("screen.delayP95", quantile(typed.delaysMs, 0.95));
    const moved = await this.#drawn(MOVING_FPS, windowMs);
    set("screen.movingDelay", median(moved.delaysMs), moved.note);
    set("screen.movingDelayP95", quantile(moved.delaysMs, 0.95));
    set("screen.movingRate", (1_000 * moved.delaysMs.length) / windowMs);
  }

  async #drawn(fps: number, windowMs: number): Promise<{ delaysMs: number[]; note: string }> {
    const { alice, bob, client } = this.#sides;
    const frames = await painted(client, fps, async () => {
      await delay(REST_MS);
      await takeDrawn(this.#browser);
      await delay(windowMs);
      return await takeDrawn(this.#browser);
    });
    const ours = frames.filter((frame) => frame.source === "remote" && isOfScreen(frame));
    // A frame that is drawn again, because nothing has changed, has an old stamp.
    const seen = new Set<number>();
    const fresh = ours.filter(({ stamp }) => {
      if (stamp === undefined || seen.has(stamp.sequence)) return false;
      seen.add(stamp.sequence);
      return true;
    });
    const statistics = await next(alice.host.plugin, "call.statistics", () => true);
    const { captureToSendMs } = await bob.host.plugin.request("call.stats", { callId: this.#callId });
    const decodedToDrawn = median(ours.map(({ drawnAt, capturedAt }) => drawnAt - capturedAt));
    const note = [
      `${fps} changes a second, ${fresh.length} of ${ours.length} frames with a new stamp, ${ours[0]?.width} wide`,
      `decoded to drawn ${decodedToDrawn.toFixed(0)}`,
      `captured to sent ${(captureToSendMs ?? Number.NaN).toFixed(0)}`,
      `held for sound ${statistics.pictureHoldMs?.toFixed(0)}`,
    ].join("; ");
    return { delaysMs: fresh.flatMap(({ delayMs }) => (delayMs === undefined ? [] : [delayMs])), note };
  }

  /** @returns when the first such remote frame was drawn, Unix ms. @throws when none comes */
  async #firstSince(atMs: number, fits: (frame: DrawnFrame) => boolean): Promise<number> {
    const deadline = performance.now() + SWITCH_LIMIT_MS;
    while (performance.now() < deadline) {
      const drawn = await takeDrawn(this.#browser);
      const found = drawn.find((frame) => frame.source === "remote" && frame.drawnAt >= atMs && fits(frame));
      if (found) return found.drawnAt;
      await delay(POLL_MS);
    }
    throw new Error(`no fitting picture was drawn within ${SWITCH_LIMIT_MS} ms`);
  }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { seconds: { type: "string", default: "12" } } });
  await measureScreen(1_000 * Number(values.seconds), (name, value, note = "") =>
    console.log(`${name.padEnd(28)}${value.toFixed(3).padStart(10)}  ${note}`),
  );
  process.exit(0);
}
