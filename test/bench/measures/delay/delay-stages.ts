// The bench's stages for the whole delay beside Chromium's, and for a page on a machine that has little to give.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { FrameSize } from "../../bench-side.ts";
import { type FigureName, type makeFigure, median } from "../../figures.ts";
import { type ChromiumReport, measureChromium } from "../chromium-call.ts";
import { type DeliveryReport, measureDeliveries } from "../frame-deliveries.ts";
import { measureWatchedCall, type WatchedReport } from "../watched-call.ts";

/** Each is one call of the plugins and one of Chromium's. */
const ROUNDS = 5;
/** The way that pages had before they chose, and the choice. In turn, since load changes. */
const BUSY_WAYS = ["stdio", "auto", "stdio", "auto"] as const;
/** Limit of a loop's processor time in seconds, in case that the bench is killed. */
const LOOP_SECONDS = 300;

interface Lengths {
  readonly warmUpMs: number;
  readonly windowMs: number;
}

interface Results {
  readonly figures: Partial<Record<FigureName, ReturnType<typeof makeFigure>>>;
  set(name: FigureName, value: number, note?: string): void;
}

interface DelayStage {
  readonly what: string;
  readonly figures: readonly FigureName[];
  run(lengths: Lengths, results: Results): Promise<void>;
}

/** What is watched, and what goes the other way. */
interface Sides {
  readonly watched: FrameSize;
  readonly own: FrameSize;
}

interface DelayOptions {
  readonly sides: Readonly<Record<"480" | "720", Sides>>;
  /** Of each video, for both. */
  readonly maxBitrateBps: number;
}

/** The two that compare with the whole delay of an earlier stage come first. */
export function delayStages(options: DelayOptions): DelayStage[] {
  const sizes = ["480", "720"] as const;
  return [
    ...sizes.map(
      (size): DelayStage => ({
        what: `Chromium calling Chromium, ${sidesText(options.sides[size])}, with sound`,
        figures: [`chromiumDelay${size}`, `againstChromium${size}`],
        run: (lengths, results) => compareWithEarlier(options, size, lengths, results),
      }),
    ),
    ...sizes.map(
      (size): DelayStage => ({
        what: `the plugins and Chromium in turn, ${ROUNDS} times, ${sidesText(options.sides[size])}, with sound`,
        figures: [`delay.against${size}`],
        run: (lengths, results) => compareInTurn(options, size, lengths, results),
      }),
    ),
    {
      what: "720p on a page in WebKitGTK beside two busy loops: data URLs and the page's own choice, in turn",
      figures: ["busyPage.stdio.drawn", "busyPage.stdio.cores", "busyPage.auto.drawn", "busyPage.auto.cores"],
      run: (lengths, results) => measureBusyPage(options.sides["720"].watched, lengths, results),
    },
  ];
}

function sidesText({ watched, own }: Sides): string {
  return `${watched.height}p one way and ${own.height}p the other`;
}

function measureReference(
  { sides, maxBitrateBps }: DelayOptions,
  size: "480" | "720",
  { warmUpMs, windowMs }: Lengths,
): Promise<ChromiumReport> {
  return measureChromium({ ...sides[size], maxBitrateBps, warmUpMs, windowMs });
}

async function compareWithEarlier(
  options: DelayOptions,
  size: "480" | "720",
  lengths: Lengths,
  results: Results,
): Promise<void> {
  const { wholeMs, wholeP95Ms, shownPercent, shownWidth } = await measureReference(options, size, lengths);
  results.set(
    `chromiumDelay${size}`,
    wholeMs,
    `median; p95 ${wholeP95Ms.toFixed(1)}; ${shownPercent.toFixed(1)} % shown, ${shownWidth} wide`,
  );
  const ours = results.figures[`wholeDelay${size}`]?.value;
  if (typeof ours === "number") results.set(`againstChromium${size}`, ours / wholeMs, "ratio of the medians");
}

async function compareInTurn(
  options: DelayOptions,
  size: "480" | "720",
  { warmUpMs, windowMs }: Lengths,
  results: Results,
): Promise<void> {
  const rounds: { readonly ours: WatchedReport; readonly chromiumMs: number }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const lengths = { warmUpMs, windowMs, soundMs: 0, calls: 0 };
    const ours = await measureWatchedCall({ ...options.sides[size], ...lengths });
    const chromium = await measureReference(options, size, lengths);
    rounds.push({ ours, chromiumMs: chromium.wholeMs });
  }
  const list = (values: readonly number[]) => values.map((value) => value.toFixed(0)).join(" ");
  const part = (pick: (ours: WatchedReport) => number) =>
    median(rounds.map(({ ours }) => pick(ours))).toFixed(0);
  const wholeMs = rounds.map(({ ours }) => ours.wholeMs);
  const chromiumMs = rounds.map(({ chromiumMs }) => chromiumMs);
  const parts = [
    `WebRTC ${part(({ wrtcMs }) => wrtcMs)}`,
    `held for sound ${part(({ heldMs }) => heldMs)}`,
    `the rest ${part(({ beyondWrtcMs }) => beyondWrtcMs)}`,
  ].join(", ");
  results.set(
    `delay.against${size}`,
    median(wholeMs) / median(chromiumMs),
    `ratio of the medians of ${list(wholeMs)} and ${list(chromiumMs)} ms; ours: ${parts}`,
  );
}

async function measureBusyPage(size: FrameSize, lengths: Lengths, results: Results): Promise<void> {
  const stopLoops = startBusyLoops(2);
  try {
    const reports = await measureDeliveries({ size, ways: BUSY_WAYS, ...lengths });
    for (const way of ["stdio", "auto"] as const) {
      const own = reports.filter((report) => report.way === way);
      const middle = (pick: (report: DeliveryReport<"stdio" | "auto">) => number) => median(own.map(pick));
      const delayMs = middle(({ decodedToDrawnMs }) => decodedToDrawnMs).toFixed(0);
      results.set(
        `busyPage.${way}.drawn`,
        middle(({ drawnPercent }) => drawnPercent),
        `decoded to drawn ${delayMs} ms`,
      );
      results.set(
        `busyPage.${way}.cores`,
        middle(({ cores }) => cores),
        "plugin, host, browser and its display",
      );
    }
  } finally {
    await stopLoops();
  }
}

/** @returns a function that ends them */
function startBusyLoops(count: number): () => Promise<void> {
  const loops = Array.from({ length: count }, () =>
    spawn("sh", ["-c", `ulimit -t ${LOOP_SECONDS}; while :; do :; done`], { stdio: "ignore" }),
  );
  return async () => void (await Promise.all(loops.map(end)));
}

async function end(loop: ChildProcess): Promise<void> {
  if (loop.exitCode !== null || loop.signalCode !== null) return;
  const ended = once(loop, "exit");
  loop.kill("SIGKILL");
  await ended;
}
