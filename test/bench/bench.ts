// `npm run bench [-- --json FILE] [--quick] [--only NAME …]` measures everything in one run on this machine. It prints a
// table, the frame ledgers and one JSON object of figures. It fails when a ledger does not close, not when a goal is missed.

import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import {
  FIGURE_NAMES,
  type Figure,
  type FigureName,
  formatTable,
  makeFigure,
  median,
  quantile,
} from "./figures.ts";
import { load, processorTimes } from "./machine-load.ts";
import { ATTACK_STAGE } from "./measures/attacks.ts";
import { BUSY_STAGE } from "./measures/busy/busy-call.ts";
import { DECODE_FIGURES, measureDecoding } from "./measures/decoding/jpeg-decode.ts";
import { delayStages } from "./measures/delay/delay-stages.ts";
import { measureDeliveries, WAYS } from "./measures/frame-deliveries.ts";
import type { Ledger } from "./measures/frame-ledger.ts";
import { measureHostOnlyCall } from "./measures/host-only-call.ts";
import { networkStages } from "./measures/network/network-stages.ts";
import { SCREEN_STAGE } from "./measures/screen/shared-screen.ts";
import { measureVoice, VOICE_FIGURES } from "./measures/sound/echo.ts";
import { measureBeside } from "./measures/sound/mouth-to-ear-beside.ts";
import { measureRinging } from "./measures/sound/ringing.ts";
import { measureSoundAndPicture } from "./measures/sound/sound-and-picture.ts";
import { measureStartsBeside, START_FIGURES } from "./measures/start/call-start.ts";
import { measureSlowLink, SLOW_FIGURES } from "./measures/start/slow-link.ts";
import { measureStarts } from "./measures/start-time.ts";
import { measureSwitchGaps } from "./measures/switch-gap.ts";
import { measureWatchedCall, type WatchedReport } from "./measures/watched-call.ts";
import { measureWatching } from "./measures/watching.ts";

const SMALL = { width: 320, height: 240, fps: 30 };
const VGA = { width: 640, height: 480, fps: 30 };
const HD = { width: 1280, height: 720, fps: 30 };
/** The plugin's default bitrate limit, also used for Chromium. */
const CEILING_BPS = 1_500_000;
/** A machine that shows fewer frames per second could not sustain the call. */
const SUSTAINED_FPS = 27;

const FULL = {
  warmUpMs: 4000,
  windowMs: 12_000,
  soundMs: 12_000,
  markSeconds: 45,
  calls: 6,
  starts: 9,
  rounds: 8,
  turnMs: 3000,
  decodes: 400,
  netCalls: 100,
  netMs: 60_000,
  blackouts: 10,
  busyMs: 60_000,
};
const QUICK = {
  warmUpMs: 1000,
  windowMs: 3000,
  soundMs: 4000,
  markSeconds: 20,
  calls: 2,
  starts: 2,
  rounds: 2,
  turnMs: 1000,
  decodes: 60,
  netCalls: 5,
  netMs: 15_000,
  blackouts: 2,
  busyMs: 15_000,
};

/** The results of one run. */
class Results {
  readonly figures: Partial<Record<FigureName, Figure>> = {};
  readonly notes: Partial<Record<FigureName, string>> = {};
  readonly ledgers: { title: string; ledger: Ledger }[] = [];

  set(name: FigureName, value: number, note?: string): void {
    this.figures[name] = makeFigure(name, value);
    if (note !== undefined) this.notes[name] = note;
  }
}

interface Stage {
  readonly what: string;
  readonly figures: readonly FigureName[];
  run(lengths: typeof FULL, results: Results): Promise<void>;
}

const WAY_FIGURES = ["decodedToDrawn", "decodedToDrawnP95", "cores", "drawn"] as const;

const STAGES: readonly Stage[] = [
  {
    what: "echo, noise and level of the voice in a simulated room",
    figures: VOICE_FIGURES,
    run: async (_lengths, results) => measureVoice(results.set.bind(results)),
  },
  {
    what: "decoding a camera's JPEG, 4:2:2, in turn with TurboJPEG's own function",
    figures: DECODE_FIGURES,
    run: ({ decodes }, results) => measureDecoding(decodes, results.set.bind(results)),
  },
  {
    what: "starts of the plugin, nothing else running",
    figures: ["startToInitialize"],
    async run({ starts }, results) {
      const timesMs = await measureStarts(starts);
      results.set("startToInitialize", median(timesMs), `median of ${starts}: ${listMs(timesMs)}`);
    },
  },
  {
    what: "flash and click, 480p, from the sender to the page's part of the path and to the speaker's sink",
    figures: ["soundAgainstPicture"],
    run: measureSynchrony,
  },
  {
    what: "mouth to ear, the voice unprocessed: plugins, then Chromium, through the same two sound servers",
    figures: ["mouthToEarPlain", "mouthToEarChromium"],
    run: measureEars,
  },
  {
    what: "devices changed in a call",
    figures: ["cameraSwitchGap", "microphoneSwitchGap"],
    async run(_lengths, results) {
      const { cameraMs, microphoneMs } = await measureSwitchGaps();
      const setLongest = (name: FigureName, timesMs: readonly number[]) =>
        results.set(name, Math.max(...timesMs), `the longest of: ${listMs(timesMs)}`);
      setLongest("cameraSwitchGap", cameraMs);
      setLongest("microphoneSwitchGap", microphoneMs);
    },
  },
  {
    what: "an incoming call rings, and is answered",
    figures: ["ringStart", "ringStop"],
    async run(_lengths, results) {
      const { startMs, stopMs } = await measureRinging();
      results.set("ringStart", median(startMs), `median of: ${listMs(startMs)}`);
      results.set("ringStop", median(stopMs), `median of: ${listMs(stopMs)}`);
    },
  },
  {
    what: "480p both ways with sound; Alice's page in WebKitGTK, Bob without a page",
    figures: [
      "decodedToDrawn480WebKit",
      "beyondWrtc480",
      "wholeDelay480",
      "heldForSound480",
      "wrtcDelay480",
      "drawnOfCaptured480",
      "mainThreadDelayP99",
      "cpu480",
      "residentMemory",
      "acceptToFirstPicture",
      "mouthToEar",
      "againstChromium480",
    ],
    async run(lengths, results) {
      const report = await measureWatchedCall({ watched: VGA, own: VGA, ...lengths });
      setWatched(results, report, "480");
      setCosts(results, report);
    },
  },
  {
    what: "720p from Bob, 240p from Alice (two cores cannot carry both and the page); Alice's page in WebKitGTK",
    figures: [
      "decodedToDrawn720WebKit",
      "beyondWrtc720",
      "wholeDelay720",
      "heldForSound720",
      "wrtcDelay720",
      "drawnOfCaptured720",
      "againstChromium720",
    ],
    async run(lengths, results) {
      const report = await measureWatchedCall({ watched: HD, own: SMALL, ...lengths, soundMs: 0, calls: 0 });
      setWatched(results, report, "720");
    },
  },
  {
    what: "the three deliveries one after the other, 480p in one call, in WebKitGTK",
    figures: WAYS.flatMap((way) => WAY_FIGURES.map((figure) => `ways.${way}.${figure}` as const)),
    run: measureThreeWays,
  },
  {
    what: "480p, the plugin without debugging, with it, recording, and with a chart viewer, by turns in one call",
    figures: ["watching.none", "watching.recording", "watching.viewer"],
    run: measureWatchingCost,
  },
  {
    what: "720p, from the connection and from the camera's start to the full picture: plugins, then Chromium",
    figures: START_FIGURES,
    run: ({ windowMs }, results) => measureStartsBeside(HD, CEILING_BPS, windowMs, results.set.bind(results)),
  },
  {
    what: "720p over a link of 300 kb/s, beside voice alone",
    figures: SLOW_FIGURES,
    run: ({ windowMs }, results) => measureSlowLink(HD, 4 * windowMs, results.set.bind(results)),
  },
  ...networkStages(VGA),
  SCREEN_STAGE,
  ATTACK_STAGE,
  BUSY_STAGE,
  {
    what: "720p, processor; the host acknowledges the frames, no page",
    figures: ["cpu720"],
    run: measureCpu720,
  },
  ...delayStages({
    sides: { 480: { watched: VGA, own: VGA }, 720: { watched: HD, own: SMALL } },
    maxBitrateBps: CEILING_BPS,
  }),
];

async function measureSynchrony({ markSeconds }: typeof FULL, results: Results): Promise<void> {
  const { apartMs, handedOutMs, holdMs } = await measureSoundAndPicture(markSeconds);
  const spread = [0.05, 0.95].map((share) => quantile(apartMs, share).toFixed(0)).join(" to ");
  const farthest = quantile(apartMs.map(Math.abs), 0.95);
  const rest = `handed out by WebRTC ${median(handedOutMs).toFixed(0)}, frames held for ${holdMs.toFixed(0)}`;
  results.set(
    "soundAgainstPicture",
    farthest,
    `95 % of ${apartMs.length} within; sound after picture ${median(apartMs).toFixed(0)}, 5 to 95 % ${spread}; ${rest}`,
  );
}

async function measureWatchingCost(lengths: typeof FULL, results: Results): Promise<void> {
  const { turns, entries, beyondAlone } = await measureWatching(VGA, lengths);
  const list = (mode: keyof typeof turns) => turns[mode].map((percent) => percent.toFixed(1)).join(", ");
  for (const mode of ["none", "recording", "viewer"] as const) {
    const seen = mode === "viewer" ? `; ${entries} entries seen` : "";
    results.set(
      `watching.${mode}`,
      beyondAlone(mode),
      `main thread ${list(mode)} against ${list("alone")}${seen}`,
    );
  }
}

async function measureEars({ soundMs }: typeof FULL, results: Results): Promise<void> {
  const { pluginsMs, chromiumMs } = await measureBeside(2 * soundMs);
  results.set("mouthToEarPlain", median(pluginsMs), `median of ${pluginsMs.length}: ${listMs(pluginsMs)}`);
  results.set(
    "mouthToEarChromium",
    median(chromiumMs),
    `median of ${chromiumMs.length}: ${listMs(chromiumMs)}`,
  );
}

async function measureThreeWays(lengths: typeof FULL, results: Results): Promise<void> {
  for (const report of await measureDeliveries({ size: VGA, ways: WAYS, ...lengths })) {
    const note = report.way === "mjpeg" ? "estimated from WebRTC's delay in the other two" : "";
    results.set(`ways.${report.way}.decodedToDrawn`, report.decodedToDrawnMs, note);
    results.set(`ways.${report.way}.decodedToDrawnP95`, report.decodedToDrawnP95Ms);
    results.set(`ways.${report.way}.cores`, report.cores, "plugin, host, browser and its display");
    results.set(`ways.${report.way}.drawn`, report.drawnPercent);
  }
}

function setWatched(results: Results, report: WatchedReport, size: "480" | "720"): void {
  const { statistics, unreadable, drawnPercent } = report;
  const rest = `, received ${statistics.receiveWidth}x${statistics.receiveHeight} at ${statistics.receiveFps}`;
  results.set(
    `decodedToDrawn${size}WebKit`,
    report.decodedToDrawnP95Ms,
    `p95; median ${report.decodedToDrawnMs.toFixed(1)}`,
  );
  results.set(
    `beyondWrtc${size}`,
    report.beyondWrtcMs,
    `of it capture to send ${report.captureToSendMs.toFixed(1)}`,
  );
  results.set(`heldForSound${size}`, report.heldMs, "held for lip sync; included in the whole delay only");
  results.set(`wholeDelay${size}`, report.wholeMs, `median; p95 ${report.wholeP95Ms.toFixed(1)}${rest}`);
  results.set(`wrtcDelay${size}`, report.wrtcMs, "source to sink in the same call");
  results.set(
    `drawnOfCaptured${size}`,
    drawnPercent,
    unreadable > 0 ? `${unreadable} stamps unreadable` : "",
  );
  results.ledgers.push({ title: `${size}p, Bob's camera to Alice's canvas`, ledger: report.ledger });
}

function setCosts(
  results: Results,
  { loop, cpuCores, farCpuCores, memory, acceptMs, mouthToEarMs }: WatchedReport,
): void {
  results.set(
    "mainThreadDelayP99",
    loop.p99,
    `p50 ${loop.p50.toFixed(1)}, p99.9 ${loop.p999.toFixed(1)}, max ${loop.max.toFixed(1)}`,
  );
  results.set("cpu480", cpuCores, `Bob's, without a page: ${farCpuCores.toFixed(2)}`);
  const { aloneMb, pssMb, rssMb } = memory;
  const heap = `V8 heap ${(loop.heapUsed / 1e6).toFixed(0)} of ${(loop.heapTotal / 1e6).toFixed(0)}`;
  results.set(
    "residentMemory",
    aloneMb,
    `shared pages once; sum of PSS ${pssMb.toFixed(0)}, of RSS ${rssMb.toFixed(0)}; ${heap}`,
  );
  results.set("acceptToFirstPicture", median(acceptMs), `median of ${acceptMs.length}: ${listMs(acceptMs)}`);
  results.set(
    "mouthToEar",
    median(mouthToEarMs),
    `median of ${mouthToEarMs.length}: ${listMs(mouthToEarMs)}`,
  );
}

async function measureCpu720(lengths: typeof FULL, results: Results): Promise<void> {
  let far = HD;
  let report = await measureHostOnlyCall({ own: HD, far, ...lengths });
  const isSustained = report.shownFps >= SUSTAINED_FPS && report.statistics.receiveWidth === HD.width;
  if (!isSustained) {
    far = SMALL;
    report = await measureHostOnlyCall({ own: HD, far, ...lengths });
  }
  const { sendWidth, receiveWidth } = report.statistics;
  const note =
    `sends ${sendWidth} wide, receives ${receiveWidth} wide, shows ${report.shownFps.toFixed(1)} a second` +
    (isSustained ? "" : "; the machine did not sustain 720p from the remote end too");
  results.set("cpu720", report.cpuCores, note);
}

function listMs(values: readonly number[]): string {
  return values.map((value) => value.toFixed(0)).join(" ");
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      json: { type: "string" },
      quick: { type: "boolean", default: false },
      only: { type: "string", multiple: true, default: [] },
    },
  });
  const unknown = values.only.filter((name) => !FIGURE_NAMES.some((figure) => figure === name));
  if (unknown.length > 0) throw new Error(`no figure ${unknown}; the figures are ${FIGURE_NAMES.join(", ")}`);
  const isWanted = (name: string): boolean => values.only.length === 0 || values.only.includes(name);
  const results = new Results();
  print(
    `${cpus().length} x ${cpus()[0]?.model ?? "unknown processor"}, Node ${process.version}, load ${load()}`,
  );
  for (const stage of STAGES.filter(({ figures }) => figures.some(isWanted))) {
    print(`-- ${stage.what} (load ${load()})`);
    await runStage(stage, values.quick ? QUICK : FULL, results);
  }
  report(results, values.json);
}

/** A stage that fails leaves its figures without values. The other stages still run. */
async function runStage(stage: Stage, lengths: typeof FULL, results: Results): Promise<void> {
  const before = processorTimes();
  try {
    await stage.run(lengths, results);
  } catch (error) {
    process.exitCode = 1;
    print(`FAILED: ${error instanceof Error ? error.stack : String(error)}`);
    for (const name of stage.figures) if (!results.figures[name]) results.set(name, Number.NaN);
  }
  const after = processorTimes();
  const busy = (after.busy - before.busy) / (after.all - before.all);
  // Near 100 % the figures describe the machine, not the program.
  print(`   all processors ${(100 * busy).toFixed(0)} % busy`);
}

function report({ figures, notes, ledgers }: Results, file: string | undefined): void {
  print(`\nload at the end ${load()}\n${formatTable(figures, notes)}`);
  for (const { title, ledger } of ledgers) {
    const lines = ledger.lines.map(({ what, count }) => `${what.padEnd(52)}${String(count).padStart(6)}`);
    const end = ledger.faults.length === 0 ? "the sum closes" : `DOES NOT CLOSE: ${ledger.faults.join("; ")}`;
    print(`\nframes, ${title}\n${lines.join("\n")}\n${end}`);
    if (ledger.faults.length > 0) process.exitCode = 1;
  }
  const json = JSON.stringify(figures, null, 2);
  print(`\n${json}`);
  if (file !== undefined) writeFileSync(file, `${json}\n`);
}

await main();
