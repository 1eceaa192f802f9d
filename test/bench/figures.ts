// The figures of the bench: names, units, goals, and the conversion of values to figures.

/** One entry of the JSON object. */
export interface Figure {
  readonly value: number | null;
  readonly unit: string;
  /** Null where the figure has no goal. */
  readonly goal: number | null;
  /** Null without a goal. A figure without a value misses its goal. */
  readonly holds: boolean | null;
}

interface Target {
  readonly unit: string;
  readonly goal: number | null;
  /** Set for the few goals that are lower limits. */
  readonly isLowerLimit?: true;
  /** Number of decimals to print. */
  readonly decimals: number;
}

const ms = (goal: number | null): Target => ({ unit: "ms", goal, decimals: 1 });

const percentOfCore = (goal: number): Target => ({ unit: "% core", goal, decimals: 2 });

const atLeastDb = (goal: number | null): Target => ({ unit: "dB", goal, isLowerLimit: true, decimals: 1 });

const atLeastPercent = (goal: number | null): Target => ({
  unit: "%",
  goal,
  isLowerLimit: true,
  decimals: 0,
});

const timesChromium: Target = { unit: "times", goal: 0.5, decimals: 2 };

/** In the order of the table. */
export const TARGETS = {
  decodedToDrawn480WebKit: ms(20),
  decodedToDrawn720WebKit: ms(35),
  beyondWrtc480: ms(12),
  beyondWrtc720: ms(25),
  againstChromium480: { unit: "times", goal: 1.8, decimals: 2 },
  againstChromium720: { unit: "times", goal: null, decimals: 2 },
  "delay.against480": { unit: "times", goal: 1.2, decimals: 2 },
  "delay.against720": { unit: "times", goal: 1.2, decimals: 2 },
  wholeDelay480: ms(null),
  wholeDelay720: ms(null),
  heldForSound480: ms(null),
  heldForSound720: ms(null),
  wrtcDelay480: ms(null),
  wrtcDelay720: ms(null),
  chromiumDelay480: ms(null),
  chromiumDelay720: ms(null),
  drawnOfCaptured480: { unit: "%", goal: 99, isLowerLimit: true, decimals: 1 },
  drawnOfCaptured720: { unit: "%", goal: 99, isLowerLimit: true, decimals: 1 },
  mainThreadDelayP99: ms(15),
  cpu480: { unit: "cores", goal: 0.6, decimals: 2 },
  cpu720: { unit: "cores", goal: 1.1, decimals: 2 },
  jpegDecode480: { unit: "ms", goal: null, decimals: 2 },
  jpegDecode720: { unit: "ms", goal: null, decimals: 2 },
  jpegDecodeAgainstTurbo: { unit: "times", goal: 1.1, decimals: 2 },
  residentMemory: { unit: "MB", goal: 260, decimals: 0 },
  acceptToFirstPicture: ms(500),
  startToInitialize: ms(700),
  mouthToEar: ms(200),
  mouthToEarPlain: ms(200),
  mouthToEarChromium: ms(null),
  soundAgainstPicture: ms(45),
  cameraSwitchGap: ms(500),
  microphoneSwitchGap: ms(500),
  ringStart: ms(300),
  ringStop: ms(100),
  echoOfSpeech: atLeastDb(25),
  echoOfMusic: atLeastDb(25),
  nearVoiceInEcho: atLeastDb(-6),
  nearVoiceSwallowed: { unit: "%", goal: null, decimals: 1 },
  echoInFirstSecond: atLeastDb(null),
  echoAfterJump: atLeastDb(null),
  echoWithDrift: atLeastDb(null),
  echoWithDistortion: atLeastDb(null),
  noiseInPauses: atLeastDb(10),
  voiceInNoise: { unit: "dB", goal: 3, decimals: 1 },
  quietVoice: atLeastDb(null),
  loudVoice: atLeastDb(null),
  voiceBlock: { unit: "ms", goal: 0.3, decimals: 2 },
  "watching.none": percentOfCore(1),
  "watching.recording": percentOfCore(1),
  "watching.viewer": percentOfCore(5),
  "start.oneWay": ms(4_000),
  "start.cameraOn": ms(4_000),
  "start.twoWay": ms(4_000),
  "start.chromiumOneWay": ms(null),
  "start.chromiumCameraOn": ms(null),
  "start.chromiumTwoWay": ms(null),
  "start.oneWayAgainstChromium": timesChromium,
  "start.cameraOnAgainstChromium": timesChromium,
  "start.twoWayAgainstChromium": timesChromium,
  "start.stepsDown": { unit: "steps", goal: 0, decimals: 0 },
  "slow.soundGap": ms(null),
  "slow.soundGapVoice": ms(null),
  "slow.soundLost": { unit: "%", goal: null, decimals: 1 },
  "slow.soundLostVoice": { unit: "%", goal: null, decimals: 1 },
  "slow.longestQueue": ms(null),
  "slow.levelFound": { unit: "s", goal: 30, decimals: 0 },
  "net.moderate.connected": atLeastPercent(100),
  "net.moderate.soundLost": { unit: "%", goal: 2, decimals: 1 },
  "net.moderate.concealed": { unit: "%", goal: 2, decimals: 1 },
  "net.moderate.frozen": ms(1_000),
  "net.international.connected": atLeastPercent(98),
  "net.international.soundLost": { unit: "%", goal: 3, decimals: 1 },
  "net.international.concealed": { unit: "%", goal: null, decimals: 1 },
  "net.international.frozen": ms(null),
  "net.spiky.connected": atLeastPercent(null),
  "net.spiky.soundLost": { unit: "%", goal: null, decimals: 1 },
  "net.spiky.concealed": { unit: "%", goal: null, decimals: 1 },
  "net.spiky.frozen": ms(null),
  "net.mobile.connected": atLeastPercent(null),
  "net.mobile.soundLost": { unit: "%", goal: null, decimals: 1 },
  "net.mobile.concealed": { unit: "%", goal: null, decimals: 1 },
  "net.mobile.frozen": ms(null),
  "net.mobile.used": atLeastPercent(70),
  "net.mobile.changes": { unit: "/min", goal: 4, decimals: 1 },
  "net.300k.connected": atLeastPercent(null),
  "net.300k.soundLost": { unit: "%", goal: null, decimals: 1 },
  "net.300k.concealed": { unit: "%", goal: 3, decimals: 1 },
  "net.300k.frozen": ms(null),
  "net.300k.fps": { unit: "fps", goal: 12, isLowerLimit: true, decimals: 1 },
  "net.narrow.connected": atLeastPercent(95),
  "net.narrow.soundLost": { unit: "%", goal: null, decimals: 1 },
  "net.narrow.concealed": { unit: "%", goal: null, decimals: 1 },
  "net.narrow.frozen": ms(null),
  "net.narrow.soundGap": ms(200),
  "net.narrow.pictureBack": { unit: "s", goal: 15, decimals: 1 },
  "net.nat.withTurn": atLeastPercent(100),
  "net.nat.withoutTurn": atLeastPercent(100),
  "net.blackout.picture": ms(3_000),
  "net.blackout.sound": ms(3_000),
  "busy.soundGaps": { unit: "/min", goal: 0, decimals: 1 },
  "busy.longestGap": ms(50),
  "busy.mouthToEar": ms(null),
  "busy.beyondIdle": ms(60),
  "screen.delay": ms(200),
  "screen.delayP95": ms(250),
  "screen.movingDelay": ms(null),
  "screen.movingDelayP95": ms(null),
  "screen.movingRate": { unit: "fps", goal: null, decimals: 1 },
  "screen.stillCores": { unit: "cores", goal: 0.05, decimals: 3 },
  "screen.movingCores": { unit: "cores", goal: null, decimals: 2 },
  "screen.choiceToFirstFrame": ms(700),
  "screen.switch": ms(1_000),
  "attack.frames": { unit: "times", goal: 0.9, isLowerLimit: true, decimals: 2 },
  "attack.answers": ms(200),
  "attack.soundGap": ms(100),
  "attack.notified": { unit: "/s", goal: 5, decimals: 1 },
  "attack.acknowledged": { unit: "%", goal: 100, isLowerLimit: true, decimals: 0 },
  "attack.rings": { unit: "%", goal: 100, isLowerLimit: true, decimals: 0 },
  "ways.stdio.decodedToDrawn": ms(null),
  "ways.stdio.decodedToDrawnP95": ms(null),
  "ways.stdio.cores": { unit: "cores", goal: null, decimals: 2 },
  "ways.stdio.drawn": { unit: "%", goal: null, decimals: 1 },
  "ways.websocket.decodedToDrawn": ms(null),
  "ways.websocket.decodedToDrawnP95": ms(null),
  "ways.websocket.cores": { unit: "cores", goal: null, decimals: 2 },
  "ways.websocket.drawn": { unit: "%", goal: null, decimals: 1 },
  "ways.mjpeg.decodedToDrawn": ms(null),
  "ways.mjpeg.decodedToDrawnP95": ms(null),
  "ways.mjpeg.cores": { unit: "cores", goal: null, decimals: 2 },
  "ways.mjpeg.drawn": { unit: "%", goal: null, decimals: 1 },
  "busyPage.stdio.drawn": { unit: "%", goal: null, decimals: 1 },
  "busyPage.stdio.cores": { unit: "cores", goal: null, decimals: 2 },
  "busyPage.auto.drawn": { unit: "%", goal: 95, isLowerLimit: true, decimals: 1 },
  "busyPage.auto.cores": { unit: "cores", goal: null, decimals: 2 },
} as const satisfies Record<string, Target>;

export type FigureName = keyof typeof TARGETS;
export const FIGURE_NAMES = Object.keys(TARGETS) as FigureName[];

/** Rounded as printed, so that the goal is compared with the printed number. */
export function makeFigure(name: FigureName, measured: number): Figure {
  const { unit, goal, decimals, isLowerLimit }: Target = TARGETS[name];
  const value = Number.isFinite(measured) ? Number(measured.toFixed(decimals)) : null;
  if (goal === null) return { value, unit, goal, holds: null };
  return { value, unit, goal, holds: value !== null && (isLowerLimit ? value >= goal : value <= goal) };
}

/** One line for each figure, notes at the end of their lines. */
export function formatTable(
  figures: Readonly<Partial<Record<FigureName, Figure>>>,
  notes: Readonly<Partial<Record<FigureName, string>>>,
): string {
  const lines = FIGURE_NAMES.flatMap((name) => {
    const figure = figures[name];
    return figure ? [formatLine(name, figure, notes[name] ?? "")] : [];
  });
  return lines.join("\n");
}

function formatLine(name: FigureName, { value, unit, goal, holds }: Figure, note: string): string {
  const { decimals, isLowerLimit }: Target = TARGETS[name];
  const limit = goal === null ? "" : `${isLowerLimit ? ">=" : "<="} ${goal}`;
  const verdict = holds === null ? "" : holds ? "holds" : "MISSED";
  const shown = value === null ? "none" : value.toFixed(decimals);
  return `${name.padEnd(32)}${shown.padStart(8)} ${unit.padEnd(6)}${limit.padEnd(8)}${verdict.padEnd(8)}${note}`.trimEnd();
}

/** The value below which a share of the values lie, by nearest rank; NaN without values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN;
  return (lower + upper) / 2;
}
